"""The process that strangers' files are parsed in: `python -m activities.parsers.child SECONDS`, see `apart.py`."""

import ctypes
import os
import pickle
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import IO

from activities.parsers.files import parse
from policies.documents import Parsed, Unreadable
from policies.releases import Finding

SIZE = struct.Struct(">Q")
# What blocks may come to as JSON; the largest files people write stay below half of it.
LARGEST_ANSWER = 64_000_000
MEMORY = 1_500_000_000
_PR_SET_PDEATHSIG = 1


def main(seconds: int) -> None:
    """Parse what comes in by standard input, and answer on standard output, until the parent is gone."""
    # The parent ends this process when it ends itself: a file that is being read should not suffer from a shutdown.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _confine()
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a library prints must not stand among the answers.
    os.dup2(2, 1)
    while request := take(asked):
        _limit_work(seconds)
        give(answers, _answer(*pickle.loads(request)))


def take(pipe: IO[bytes], most: int | None = None) -> bytes:
    """Read one message; empty where the other side is gone, or gives more than `most` bytes."""
    head = pipe.read(SIZE.size)
    if len(head) < SIZE.size or (most is not None and SIZE.unpack(head)[0] > most):
        return b""
    size = SIZE.unpack(head)[0]
    message = pipe.read(size)
    return message if len(message) == size else b""


def give(pipe: IO[bytes], message: bytes) -> None:
    """Write one message; raises OSError where the other side is gone."""
    pipe.write(SIZE.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def _answer(name: str, data: bytes, beside: bytes | None, release: str) -> bytes:
    told: Parsed | Finding
    try:
        told = parse(name, data, beside, release)
    except Unreadable as unreadable:
        # After this nothing is certain to work; the parent starts another process.
        if isinstance(unreadable.__cause__, MemoryError):
            sys.exit(1)
        told = unreadable.finding
    answer = told.model_dump_json(exclude_defaults=True).encode()
    if len(answer) > LARGEST_ANSWER:
        says = f"its text comes to over {LARGEST_ANSWER / 1e6:.0f} MB: split it"
        return Finding(kind="too_large", source=name, says=says).model_dump_json().encode()
    return answer


def _confine() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, mapped + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_work(seconds: int) -> None:
    """Allow so many seconds of computing from now on, should nobody be left to end this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, most))


if __name__ == "__main__":
    main(int(sys.argv[1]))
