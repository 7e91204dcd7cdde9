"""A real vLLM of our own on a free port: `python -m tests.vllm.serve` prints its base_url and serves until Ctrl-C."""

import argparse
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from workers.ports import free_ports

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = REPOSITORY / ".venv-vllm"
MODEL = "tiny"
START_SECONDS, STOP_SECONDS = 180, 20
FLAGS = (
    *("--served-model-name", MODEL, "--dtype", "bfloat16", "--enforce-eager", "--enable-prefix-caching"),
    # Without it `usage` is silent about cached tokens.
    "--enable-prompt-tokens-details",
    # The request's own `disable_any_whitespace` is taken and ignored; grammar otherwise allows blanks without end.
    *("--structured-outputs-config", '{"backend": "xgrammar", "disable_any_whitespace": true}'),
)
SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    # Two threads on two cores that others use as well wait for each other most of the time.
    "OMP_NUM_THREADS": "1",
}


@dataclass(frozen=True)
class Vllm:
    """A running server: `base_url` ends in /v1, `pid` leads the process group that all of its processes are in."""

    base_url: str
    model: str
    pid: int
    log: Path

    def metric(self, name: str) -> float:
        """Add up all samples of a counter or gauge."""
        samples = re.findall(rf"^{re.escape(name)}\{{.*\}} (\S+)$", self._get("metrics").text, re.MULTILINE)
        assert samples, f"the server has no metric {name}"
        return sum(map(float, samples))

    def alive(self) -> bool:
        with suppress(httpx.HTTPError):
            return self._get("health").is_success
        return False

    def kill(self) -> None:
        """End all of its processes at once, as a machine does that loses its power."""
        os.killpg(self.pid, signal.SIGKILL)

    def deployment(self, name: str = "tiny", **more: Any) -> dict[str, Any]:
        """Describe it as a fleet file does; the timeouts suit a machine that others use as well."""
        patience = {"connect": 15, "first_token": 60, "next_token": 60, "total": 240}
        known = {"name": name, "tier": "S", "base_url": self.base_url, "model": self.model, "timeouts": patience}
        return {**known, **more}

    def _get(self, page: str) -> httpx.Response:
        # Certificates would be read for each request, and there are none to check.
        return httpx.get(f"{self.base_url.removesuffix('/v1')}/{page}", trust_env=False, verify=False, timeout=10)


def write_fleet(path: Path, deployments: Sequence[dict[str, Any]]) -> Path:
    """Write what HOLDFAST_FLEET may name."""
    fleet = {"version": "1", "deployments": list(deployments)}
    path.write_text(yaml.safe_dump(fleet, sort_keys=False), encoding="utf-8")
    return path


@contextmanager
def running_vllm(folder: Path, environment: Path = ENVIRONMENT) -> Iterator[Vllm]:
    """Make the tiny model in `folder`, serve it until the block ends, and leave the server's log there."""
    python = str(environment.absolute() / "bin/python")
    if not Path(python).exists():
        raise RuntimeError(f"there is no vLLM in {environment}: `make test-vllm` installs it")
    model, log, (port,) = str(folder / "model"), folder / "vllm.log", free_ports(1)
    surroundings = {**os.environ, **SETTINGS}
    making = [python, "-m", "bench.tiny_model", model]
    subprocess.run(making, cwd=REPOSITORY, env=surroundings, check=True, stdout=subprocess.DEVNULL)
    serving = [python, "-m", "vllm.entrypoints.openai.api_server", "--model", model, *FLAGS]
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*serving, "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder,
            env=surroundings,
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
    server = Vllm(f"http://127.0.0.1:{port}/v1", MODEL, process.pid, log)
    try:
        _wait_until_healthy(process, server)
        yield server
    finally:
        _stop(process)


def _wait_until_healthy(process: "subprocess.Popen[bytes]", server: Vllm) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if server.alive():
            return
        time.sleep(0.2)
    raise RuntimeError(f"vLLM did not come up:\n{server.log.read_text(errors='replace')[-4000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask the server to stop, then end whatever of its group is left: an orphaned engine would keep a core busy."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=STOP_SECONDS)


def main() -> None:
    """Serve until interrupted; the only line on standard output is the base_url."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--environment", type=Path, default=ENVIRONMENT, help="where vLLM is installed")
    options.add_argument("--fleet", type=Path, help="write a fleet file for it here")
    given = options.parse_args()
    # A shell that starts this in the background leaves SIGINT ignored.
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, signal.default_int_handler)
    with (
        suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory() as folder,
        running_vllm(Path(folder), given.environment) as server,
    ):
        if given.fleet:
            write_fleet(given.fleet, [server.deployment()])
        print(server.base_url, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
