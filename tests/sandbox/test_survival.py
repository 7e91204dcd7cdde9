"""The real process, killed with SIGKILL around its writes: what it answered is there, and nothing is there twice."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from tests.sandbox.desk import ADMIN, SHOP, ask, new_order

KILLS = 8
ROOT = Path(__file__).parents[2]


def start(port: int, data: Path) -> subprocess.Popen[bytes]:
    shop = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "serve", "--port", str(port), "--data", str(data)],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_SETTLE_AFTER": "0.2"},
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return shop
        except httpx.TransportError:
            time.sleep(0.05)
    shop.kill()
    raise AssertionError("the shop did not start")


def test_no_kill_loses_or_doubles_money(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    answered: set[str] = set()
    shop = start(port, tmp_path)
    try:
        for n in range(KILLS):
            _make_order(url, n)
            # From "before the request arrives" to "after the answer left": a write takes a few milliseconds.
            killer = threading.Timer(0.0015 * n, shop.send_signal, [signal.SIGKILL])
            killer.start()
            if _refund(url, n):
                answered.add(f"kill-{n}")
            killer.join()
            shop.wait(10)
            shop = start(port, tmp_path)
            assert _refund(url, n), "the same write must go through, or be answered again, after the restart"
        ledger = httpx.get(f"{url}/admin/ledger", params={"tenant": "chaos"}, headers=ADMIN).json()
    finally:
        shop.terminate()
        shop.wait(10)
    assert sorted(refund["idempotency_key"] for refund in ledger["refunds"]) == [f"kill-{n}" for n in range(KILLS)]
    assert all(payment["refunded_minor"] == 3000 == payment["paid_minor"] for payment in ledger["payments"])
    assert {refund["status"] for refund in ledger["refunds"]} <= {"pending", "approved", "settled"}
    assert len(answered) < KILLS, "no kill struck before an answer: the test proved nothing"


def _make_order(url: str, n: int) -> None:
    answer = httpx.post(f"{url}/admin/orders", params={"tenant": "chaos"}, json=new_order(f"K{n}"), headers=ADMIN)
    assert answer.status_code == 201, answer.text


def _refund(url: str, n: int) -> bool:
    body = ask(lines=[{"line_id": "1", "quantity": 2}], amount_minor=3000)
    headers = {**SHOP, "Idempotency-Key": f"kill-{n}", "If-Match": '"1"'}
    try:
        return httpx.post(f"{url}/v1/chaos/orders/K{n}/refunds", json=body, headers=headers).status_code == 201
    except httpx.TransportError:
        return False
