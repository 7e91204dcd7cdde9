"""Learning from what was not understood, beside the work: notes are put away in the background, or dropped."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

import structlog

from activities.errors import OutsideError
from activities.ports import Lessons
from policies.drift import tally_of, week_of
from policies.facts import Understanding
from policies.frozen import Fact
from policies.lessons import Lesson, unsure

ROOM = 1_000
AT_ONCE = 100
PATIENCE_SECONDS = 3.0

log = structlog.get_logger(__name__)


class _Note(NamedTuple):
    tenant: str
    week: str
    counter: str
    lesson: Lesson | None


class Learner:
    """Notes messages at the cost of putting them into a queue; `dropped` counts those it had no room or no store for.

    A tally is not exact: a message that is understood anew after a crash counts twice, one in the queue of a worker
    that dies not at all. A lesson is kept once in any case.
    """

    def __init__(self, lessons: Lessons, room: int = ROOM) -> None:
        self._lessons = lessons
        self._queue: asyncio.Queue[_Note] = asyncio.Queue(room)
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def note(self, tenant: str, understood: Understanding, now: datetime) -> None:
        """Count a message, and keep its redacted text if no intent was sure; never waits, call it on the event loop."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._put_away())
        try:
            self._queue.put_nowait(_Note(tenant, week_of(now), tally_of(understood), unsure(tenant, understood, now)))
        except asyncio.QueueFull:
            self.dropped += 1

    async def close(self, patience: float = PATIENCE_SECONDS) -> None:
        """Put away what is in the queue, for so many seconds at most."""
        if self._task is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._queue.join()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _put_away(self) -> None:
        while True:
            notes = [await self._queue.get()]
            while len(notes) < AT_ONCE and not self._queue.empty():
                notes.append(self._queue.get_nowait())
            try:
                await self._store(notes)
            except OutsideError as error:
                self.dropped += len(notes)
                # The message of our own errors, never a text: a log may be read by more people than lessons are.
                log.warning("lessons.dropped", reason=error.message, notes=len(notes), dropped=self.dropped)
            finally:
                for _ in notes:
                    self._queue.task_done()

    async def _store(self, notes: list[_Note]) -> None:
        tallies: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for note in notes:
            tallies[note.tenant, note.week][note.counter] += 1
        for (tenant, week), tally in tallies.items():
            await self._lessons.count(tenant, week, tally)
        for lesson in {note.lesson.id: note.lesson for note in notes if note.lesson}.values():
            await self._lessons.keep(lesson)


class KnownIntents(Fact):
    """The ids a person may label a message with: those that ship, and those a tenant adds."""

    shipped: frozenset[str]
    tenants: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Take the ids from the names of the intent files, `<id>.yaml` and `tenants/<tenant>/<id>.yaml`."""
        tenants = {place.name: _ids(place) for place in (folder / "tenants").glob("*") if place.is_dir()}
        return cls(shipped=_ids(folder), tenants=tenants)

    def of(self, tenant: str) -> frozenset[str]:
        return self.shipped | self.tenants.get(tenant, frozenset())


def _ids(folder: Path) -> frozenset[str]:
    return frozenset(path.stem for path in folder.glob("*.yaml"))
