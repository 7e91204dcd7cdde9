"""Child processes: they end with their group, and what a killed parent left behind is found again."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.child import Child, Record, end_orphans

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own that no supervisor watches."""
    process = subprocess.Popen(SLEEPER, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def record_of(process: subprocess.Popen[bytes], **changes: object) -> Record:
    born = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
    known = {"name": "sleeper", "pid": process.pid, "born": born, "started_at": time.time(), "command": SLEEPER}
    return Record.model_validate({**known, **changes})


def child(command: tuple[str, ...], data: Path) -> Child:
    return Child("sleeper", command, dict(os.environ), data)


async def test_a_stopped_child_leaves_no_pid_file(data: Path) -> None:
    sleeper = child(SLEEPER, data)
    await sleeper.start()
    assert Record.model_validate_json(sleeper.pid_file.read_text()).still_runs()
    assert await sleeper.stop(patience=5)
    assert not sleeper.running
    assert not sleeper.pid_file.exists()


async def test_a_child_that_ignores_sigterm_is_killed_when_patience_ends(data: Path) -> None:
    deaf = child(STUBBORN, data)
    await deaf.start()
    for _ in range(500):
        if "deaf" in deaf.log.read_text():
            break
        await asyncio.sleep(0.01)
    assert not await deaf.stop(patience=0.2)
    assert not deaf.running


def test_an_orphan_is_ended_by_its_pid_file(data: Path, stranger: subprocess.Popen[bytes]) -> None:
    (data / "run" / "sleeper.json").write_text(record_of(stranger).model_dump_json())
    assert [record.pid for record in end_orphans(data / "run")] == [stranger.pid]
    assert stranger.wait(timeout=5) != 0
    assert not list((data / "run").iterdir())


@pytest.mark.parametrize("difference", [{"command": ("somebody", "else")}, {"born": "1"}])
def test_a_reused_pid_is_left_alone(
    difference: dict[str, object], data: Path, stranger: subprocess.Popen[bytes]
) -> None:
    (data / "run" / "sleeper.json").write_text(record_of(stranger, **difference).model_dump_json())
    assert end_orphans(data / "run") == []
    assert stranger.poll() is None


def test_a_torn_pid_file_is_swept_away(data: Path) -> None:
    (data / "run" / "sleeper.json").write_text('{"name": "sle')
    assert end_orphans(data / "run") == []
    assert not list((data / "run").iterdir())
