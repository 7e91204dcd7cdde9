"""Record the histories in this folder from real runs: `python -m tests.replays.record`."""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from tests.fakes.shop import ScriptedShop
from tests.replays.flows import FLOWS, fingerprint, histories
from tests.workflows.desk import Desk
from tests.workflows.rules import shipped_but
from workers.binaries import locate
from workers.temporal_server import PACE, SEARCH_ATTRIBUTES

HERE = Path(__file__).parent
FINGERPRINTS = HERE / "fingerprints.json"


async def record() -> None:
    """Play every flow on a server of its own and keep what happened."""
    for old in HERE.glob("*.json"):
        old.unlink()
    fingerprints: dict[str, list[str]] = {}
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(locate("temporal")),
        dev_server_extra_args=PACE,
    ) as server:
        # Histories name who worked on them: not a machine and a process.
        client = await server.connect_client(identity="recorder", data_converter=pydantic_data_converter)
        for name, flow in FLOWS.items():
            with tempfile.TemporaryDirectory() as folder:
                desk = Desk(client, ScriptedShop(*flow.orders), tenant=f"recorded-{name}")
                rules = shipped_but(Path(folder), history_limit=flow.history_limit)
                async with desk.open(rules):
                    kept = await histories(desk, name)
            for key, runs in kept.items():
                fingerprints[key] = fingerprint(runs)
                for number, history in enumerate(runs, start=1):
                    (HERE / f"{key}.{number}.json").write_text(history.to_json() + "\n", encoding="utf-8")
    FINGERPRINTS.write_text(json.dumps(fingerprints, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"recorded {len(list(HERE.glob('*.*.*.json')))} histories\n")


if __name__ == "__main__":
    asyncio.run(record())
    # Short-lived Temporal clients sometimes abort when the interpreter ends; everything is written by now.
    sys.stdout.flush()
    os._exit(0)
