"""What the `holdfast intents …` commands do: lessons and tallies in, JSON Lines, diffs and refusals out."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import typer

from activities.clients.redis_lessons import RedisLessons
from activities.errors import Unavailable
from activities.learning import KnownIntents
from activities.ports import Lessons
from policies.drift import compare, week_before, week_of
from policies.likeness import alike
from policies.yaml_lines import BadFile
from workers.acceptance import Acceptance
from workers.exemplars import Shelf
from workers.judged import Judged, read_judged
from workers.settings import Settings

# A line of a file, or of standard input, and where it comes from.
Source = tuple[str, Iterable[bytes]]
Work = Callable[[Lessons], Awaitable[list[str]]]


def review(tenant: str, limit: int, labelled: bool) -> Work:
    """Write lessons that wait, or those labelled, one line for near-duplicates."""

    async def work(lessons: Lessons) -> list[str]:
        held = await (lessons.labelled if labelled else lessons.waiting)(tenant, limit)
        for group in alike(held):
            typer.echo(Judged.of(group).model_dump_json())
        return []

    return work


def label(settings: Settings, tenant: str, source: Source, by: str) -> Work:
    """Set what lessons mean; writes a line for each that was set."""
    judged, refused = read_judged(*source, KnownIntents.read(settings.intent_folder).of(tenant))

    async def work(lessons: Lessons) -> list[str]:
        for line in judged:
            if not line.judged.id or line.judged.tenant not in (None, tenant):
                refused.append(line.refused(f'"id" has to be that of a lesson of {tenant}'))
                continue
            for lesson_id in line.judged.ids:
                if await lessons.label(tenant, lesson_id, line.intent, by):
                    typer.echo(json.dumps({"id": lesson_id, "intent": line.intent}))
                else:
                    refused.append(line.refused(f"there is no lesson {lesson_id} (any more)"))
        return refused

    return work


def accept(settings: Settings, tenant: str | None, source: Source, write: bool) -> Work:
    """Make exemplars of judged lines: prints the diff, and with `write` changes the files and ends the lessons."""
    known = KnownIntents.read(settings.intent_folder)
    judged, refused = read_judged(*source, known.of(tenant) if tenant else known.shipped)

    async def work(lessons: Lessons) -> list[str]:
        shelf = Shelf(settings.intent_folder, tenant)
        acceptance = Acceptance(shelf, lessons, tenant)
        await acceptance.take(judged)
        typer.echo(shelf.diff(), nl=False)
        left = [*refused, *acceptance.refused]
        if write:
            shelf.write()
            try:
                for owner, ids in acceptance.lessons.items():
                    await lessons.put_away(owner, ids)
            except Unavailable as error:
                left.append(f"the files are written, but their lessons still wait: {error.message}")
        return left

    return work


def drift(tenant: str, week: str | None) -> Work:
    """Compare a week, this one by default, with the one before; raises ValueError for what is no ISO week."""
    week = week or week_of(datetime.now(UTC))
    before = week_before(week)

    async def work(lessons: Lessons) -> list[str]:
        for found in compare(await lessons.counts(tenant, week), await lessons.counts(tenant, before)):
            row: dict[str, Any] = {"tenant": tenant, "week": week, "before": before, **found.model_dump()}
            typer.echo(json.dumps(row))
        return []

    return work


def finish(settings: Settings, work: Work) -> int:
    """Do the work and name the lines it refused on standard error; 1 if there are any, 2 if it could not be done."""

    async def run() -> list[str]:
        lessons = RedisLessons.at(settings.redis_url)
        try:
            return await work(lessons)
        finally:
            await lessons.close()

    try:
        refused = asyncio.run(run())
    except (BadFile, Unavailable, OSError) as error:
        typer.echo(error.message if isinstance(error, Unavailable) else str(error), err=True)
        return 2
    for reason in refused:
        typer.echo(reason, err=True)
    return 1 if refused else 0
