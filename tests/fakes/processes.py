"""The stand-in shop as a process of its own, for tests that want real HTTP and a real commit."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from policies.facts import OrderFacts
from workers.ports import free_ports

REPOSITORY = Path(__file__).parents[2]
ADDRESS = {"line1": "12 Harbor Lane", "city": "Portland", "region": "OR", "postal_code": "97201", "country": "US"}


@dataclass(frozen=True)
class SandboxProcess:
    """A running shop; `pid` is there for tests that kill it, the methods for those that look behind its counter."""

    url: str
    token: str
    pid: int
    admin: httpx.Client

    def place(self, tenant: str, order: OrderFacts, fraud_score: float = 0.03) -> None:
        """Put an order, and its customer if absent, into the shop."""
        body = order.model_dump(mode="json", exclude={"refunds", "returns"})
        self._done(
            self.admin.post(
                "/orders", params={"tenant": tenant}, json={**body, "address": ADDRESS, "fraud_score": fraud_score}
            )
        )

    def fault(self, kind: str, **rule: object) -> None:
        """Order a fault, as `sandbox/faults.py` names them; once unless `times` says otherwise."""
        self._done(self.admin.post("/faults", json={"kind": kind, **rule}))

    def clear_faults(self) -> None:
        self._done(self.admin.delete("/faults"))

    def refunds(self, tenant: str, order_id: str) -> list[dict[str, Any]]:
        """List what the shop's ledger holds against an order."""
        rows: list[dict[str, Any]] = self._ledger("ledger", tenant=tenant, order_id=order_id)["refunds"]
        return rows

    def outbox(self, tenant: str, customer_id: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._ledger("outbox", tenant=tenant, customer_id=customer_id)["notifications"]
        return rows

    def _ledger(self, name: str, **query: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._done(self.admin.get(f"/{name}", params=query)).json()
        return answer

    @staticmethod
    def _done(answer: httpx.Response) -> httpx.Response:
        assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.text}"
        return answer


@contextmanager
def running_sandbox(
    folder: Path, *, port: int | None = None, token: str = "test-shop-token", settle_after: float = 0.2
) -> Iterator[SandboxProcess]:
    """Serve the shop from `folder` until the block ends; give the same folder and port to start it again."""
    port = port or free_ports(1)[0]
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "SANDBOX_PORT": str(port),
        "SANDBOX_DATA": str(folder),
        "SANDBOX_SHOP_TOKEN": token,
        "SANDBOX_ADMIN_TOKEN": f"{token}-admin",
        "SANDBOX_SETTLE_AFTER": str(settle_after),
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "serve"],
            cwd=REPOSITORY,
            env={**os.environ, **settings},
            stdout=log,
            stderr=log,
        )
    url = f"http://127.0.0.1:{port}"
    admin = httpx.Client(
        base_url=f"{url}/admin", headers={"Authorization": f"Bearer {token}-admin"}, trust_env=False, timeout=10
    )
    try:
        _wait_until_healthy(process, url, folder / "log")
        yield SandboxProcess(url, token, process.pid, admin)
    finally:
        admin.close()
        process.terminate()
        process.wait(timeout=10)


def _wait_until_healthy(process: "subprocess.Popen[bytes]", url: str, log: Path, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    with httpx.Client(trust_env=False, timeout=2) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if client.get(f"{url}/healthz").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
    raise RuntimeError(f"the sandbox did not come up:\n{log.read_text(errors='replace')[-2000:]}")
