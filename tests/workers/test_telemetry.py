"""Log lines of a worker: one JSON object each, with origins and without customers' words."""

import json
import subprocess
import sys

PROGRAM = """
import logging
import structlog
from workers.telemetry import write_json_logs

write_json_logs("info")
structlog.get_logger("ours").info("understood", text="my card is 4242", turns=2)
logging.getLogger("theirs").warning(
    "activity failed", extra={"temporal_activity": {"workflow_id": "w-1", "attempt": 3, "heartbeat_details": "my card"}}
)
logging.getLogger("theirs").debug("not worth a line")
"""


def logged() -> list[dict[str, object]]:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in ran.stderr.splitlines()]


def test_our_lines_and_the_sdks_lines_are_json_without_a_customers_words() -> None:
    ours, theirs = logged()
    assert (ours["event"], ours["turns"], ours["text"]) == ("understood", 2, "…")
    assert (theirs["event"], theirs["workflow_id"], theirs["attempt"]) == ("activity failed", "w-1", 3)
    assert "card" not in json.dumps([ours, theirs])
