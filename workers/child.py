"""One child process of the embedded stack: its own group, its own log, and a pid file that outlives a killed parent."""

import asyncio
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from policies.frozen import Fact

_PR_SET_PDEATHSIG = 1
# Looked up before any fork: the child of a threaded process must not take the loader's locks.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


class Record(Fact):
    """What a pid file holds; `born` is the kernel's start time of the process, so that a reused pid is not ours."""

    name: str
    pid: int
    born: str
    started_at: float
    command: tuple[str, ...]

    def still_runs(self) -> bool:
        """Say whether this very process lives: same pid, same birth, same command line."""
        return _born(self.pid) == self.born and _command_line(self.pid) == self.command


class Child:
    """A process we started and will stop. Not running until `start`."""

    def __init__(self, name: str, command: tuple[str, ...], environment: Mapping[str, str], data: Path) -> None:
        self.name = name
        self.command = command
        self.environment = environment
        self.log = data / "logs" / f"{name}.log"
        self.pid_file = data / "run" / f"{name}.json"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                env=self.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        pid = self._process.pid
        record = Record(name=self.name, pid=pid, born=_born(pid), started_at=time.time(), command=self.command)
        self.pid_file.write_text(record.model_dump_json())

    async def wait(self) -> int:
        """Wait for the end of the process; return its exit status, negative for a signal."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self, patience: float) -> bool:
        """End the group with SIGTERM, after `patience` seconds with SIGKILL; say whether it went on its own."""
        if not self.running:
            return True
        polite = True
        _signal_group(self.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), patience)
        except TimeoutError:
            polite = False
            await self.kill()
        self.pid_file.unlink(missing_ok=True)
        return polite

    async def kill(self) -> None:
        """SIGKILL the whole group and wait until the process is gone."""
        if self.running:
            _signal_group(self.pid, signal.SIGKILL)
            await self.wait()

    def last_words(self, lines: int = 15) -> str:
        """Quote the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def end_orphans(folder: Path, patience: float = 5) -> list[Record]:
    """End what an earlier, killed parent left running according to its pid files in `folder`; return what was ended."""
    ended = []
    for file in sorted(folder.glob("*.json")):
        with suppress(ValidationError, json.JSONDecodeError):
            record = Record.model_validate_json(file.read_text())
            if record.still_runs():
                _end(record, patience)
                ended.append(record)
        file.unlink()
    return ended


def _end(record: Record, patience: float) -> None:
    _signal_group(record.pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while record.still_runs():
        if time.monotonic() > deadline:
            _signal_group(record.pid, signal.SIGKILL)
        time.sleep(0.02)


def _signal_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def _die_with_parent() -> None:
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _born(pid: int) -> str:
    """Read when the kernel started this process, in ticks since boot; empty when there is no such process."""
    with suppress(OSError):
        # The second field is the program's name in brackets and may itself hold spaces and brackets.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def _command_line(pid: int) -> tuple[str, ...]:
    with suppress(OSError):
        return tuple(Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0"))
    return ()
