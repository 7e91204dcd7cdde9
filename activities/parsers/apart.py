"""Strangers' files parsed in a process of their own, which is ended where one takes too much time or memory."""

import asyncio
import os
import pickle
import subprocess
import sys
import weakref
from contextlib import suppress

from pydantic import TypeAdapter

from activities.parsers.child import LARGEST_ANSWER, give, take
from policies.documents import Parsed, Unreadable
from policies.releases import Finding

Question = tuple[str, bytes, bytes | None, str]
Answer = Parsed | Finding
ANSWERS: TypeAdapter[Answer] = TypeAdapter(Answer)
# The clock ends a file first; what the process counts itself is for the case that this one is gone.
GRACE_SECONDS = 30
TOO_MUCH = "it needs more time or memory than a document should: split it, or convert it to Markdown"


class ParserApart:
    """One process that parses one file at a time, started at the first; a thread that waits for it can always end."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: what one file may take."""
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._child: _Child | None = None

    async def parse(self, name: str, data: bytes, beside: bytes | None, release: str) -> Parsed:
        """Parse a file, see `files.parse`; raises Unreadable, also where the process had to be ended."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._seconds):
                    answer = await self._ask((name, data, beside, release))
            except TimeoutError:
                answer = None
        if isinstance(answer, Parsed):
            return answer
        raise Unreadable(answer or Finding(kind="unreadable", source=name, says=TOO_MUCH))

    async def _ask(self, question: Question) -> Answer | None:
        """Give the answer, or None where a new process ended over it: an old one may have ended for another reason."""
        if self._child and (answer := await self._ask_child(self._child, question)):
            return answer
        self._child = _Child(int(self._seconds) + GRACE_SECONDS)
        return await self._ask_child(self._child, question)

    async def _ask_child(self, child: "_Child", question: Question) -> Answer | None:
        answer = None
        try:
            answer = await asyncio.to_thread(child.ask, question)
        finally:
            if answer is None:
                child.kill()
                self._child = None
        return answer


class _Child:
    """A process that runs `child.py`; ended with the last who holds it."""

    def __init__(self, seconds: int) -> None:
        # It has no settings and no secrets, and a signal from the terminal does not reach it.
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "activities.parsers.child", str(seconds)],
            env={"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdin
        assert process.stdout
        self._pipes = process.stdin, process.stdout
        self.kill = weakref.finalize(self, _end, process)

    def ask(self, question: Question) -> Answer | None:
        """Wait for the answer, None when there is none; once `kill` was called that is at once."""
        asked, answers = self._pipes
        try:
            give(asked, pickle.dumps(question))
            return ANSWERS.validate_json(take(answers, LARGEST_ANSWER))
        # A pipe that is broken or closed, or an answer that is none.
        except (OSError, ValueError):
            return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        # A thread may still be reading what is left.
        with suppress(OSError):
            pipe and pipe.close()
