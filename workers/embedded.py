"""The embedded stack: every process of Holdfast under one data folder, started, watched and stopped from here."""

import asyncio
import fcntl
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from workers.child import Child, end_orphans
from workers.parts import Part, child_environment, parts
from workers.ports import free_ports, is_taken
from workers.settings import Settings

# A first start works out models and embeds the shipped documents, on two busy cores for more than a minute.
START_PATIENCE_S = 300
_FIRST_BACKOFF_S = 0.2
_LONGEST_BACKOFF_S = 10.0
# A process that lived this long was healthy: its next death starts from the first backoff again.
_HEALTHY_AFTER_S = 30


class CannotStart(Exception):
    """The stack cannot start; the message says what to change."""


class EmbeddedStack:
    """`start`, `stop`, and for tests `kill`, `restart` and `pid` by the name of a part.

    A part that dies by itself is started again with a growing pause; one that was killed through `kill` stays down
    until `restart`. `say` receives a line for everything a person should notice; `chosen` lists the parts to run.
    """

    def __init__(
        self,
        settings: Settings,
        say: Callable[[str], None] = lambda line: None,
        chosen: Callable[[Settings], list[Part]] = parts,
    ) -> None:
        self.settings = settings
        self._say = say
        self._chosen = chosen
        self._parts: dict[str, Part] = {}
        self._children: dict[str, Child] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._lock: IO[str] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start everything and return when all of it is ready; raise CannotStart, with nothing left behind."""
        data = self.settings.data.absolute()
        for folder in (data, data / "logs", data / "run", data / "redis", data / "shop"):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(data)
        try:
            for record in end_orphans(data / "run"):
                self._say(f"ended {record.name} (pid {record.pid}), left over from a stack that was killed")
            self._parts = {part.name: part for part in self._chosen(self.settings)}
            _refuse_taken_ports(self._parts.values())
            for part in self._parts.values():
                self._children[part.name] = Child(part.name, part.command, child_environment(part), data)
            await self._bring_all_up()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything, the last started first; nothing of ours runs afterwards."""
        for watcher in self._watchers.values():
            watcher.cancel()
        for name, child in reversed(self._children.items()):
            if not await child.stop(self._parts[name].patience):
                self._say(f"{name} did not stop within {self._parts[name].patience:g} s and was killed")
        self._children.clear()
        self._watchers.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def kill(self, name: str) -> None:
        """SIGKILL one part and leave it down."""
        self._watchers.pop(name).cancel()
        await self._children[name].kill()

    async def restart(self, name: str) -> None:
        """Start one part again, stopping it first if it runs; return when it is ready."""
        if watcher := self._watchers.pop(name, None):
            watcher.cancel()
        await self._children[name].stop(self._parts[name].patience)
        await self._bring_up(name)

    def pid(self, name: str) -> int:
        return self._children[name].pid

    def log(self, name: str) -> Path:
        return self._children[name].log

    async def _bring_all_up(self) -> None:
        ready = {name: asyncio.Event() for name in self._parts}

        async def in_turn(part: Part) -> None:
            for earlier in part.after:
                if earlier in ready:
                    await ready[earlier].wait()
            await self._bring_up(part.name)
            ready[part.name].set()

        try:
            async with asyncio.TaskGroup() as group:
                for part in self._parts.values():
                    group.create_task(in_turn(part))
        except* CannotStart as failures:
            raise failures.exceptions[0] from None

    async def _bring_up(self, name: str) -> None:
        await self._launch(name)
        part, child = self._parts[name], self._children[name]
        ended = asyncio.create_task(child.wait())
        try:
            deadline = time.monotonic() + START_PATIENCE_S
            while not await part.ready():
                if ended.done():
                    raise CannotStart(f"{name} ended with {ended.result()} while starting:\n{child.last_words()}")
                if time.monotonic() > deadline:
                    raise CannotStart(f"{name} was not ready within {START_PATIENCE_S} s:\n{child.last_words()}")
                await asyncio.sleep(0.05)
        finally:
            ended.cancel()
        self._watchers[name] = asyncio.create_task(self._watch(name))

    async def _launch(self, name: str) -> None:
        if flag := self._parts[name].ready_file:
            flag.unlink(missing_ok=True)
        await self._children[name].start()

    async def _watch(self, name: str) -> None:
        backoff = _FIRST_BACKOFF_S
        while True:
            started = time.monotonic()
            status = await self._children[name].wait()
            if time.monotonic() - started > _HEALTHY_AFTER_S:
                backoff = _FIRST_BACKOFF_S
            self._say(f"{name} ended with {status}; starting it again in {backoff:g} s (see {self.log(name)})")
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, _LONGEST_BACKOFF_S)
            await self._launch(name)


def on_free_ports(settings: Settings) -> Settings:
    """Move every port of the stack to one that is free now, for tests and the demo."""
    names = ("temporal_port", "temporal_ui_port", "redis_port", "shop_port", "api_port")
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    return Settings(**{**given, **dict(zip(names, free_ports(len(names)), strict=True))})


def _lock(data: Path) -> IO[str]:
    lock = (data / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise CannotStart(
            f"another stack (pid {holder}) already runs on {data}; stop it, or choose another folder with HOLDFAST_DATA"
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _refuse_taken_ports(wanted: Iterable[Part]) -> None:
    taken = [(port, part.name, setting) for part in wanted for port, setting in part.ports.items() if is_taken(port)]
    if taken:
        raise CannotStart(
            "\n".join(f"port {port} is in use and {name} wants it; set {setting}" for port, name, setting in taken)
        )
