"""Histories recorded from real runs replay on today's code, and today's code still gives the same commands."""

import asyncio
import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.replays.flows import FLOWS, fingerprint, histories
from tests.replays.record import FINGERPRINTS, HERE
from tests.workflows.conftest import Here, Policies
from workers.workflow_sandbox import sandboxed_runner
from workflows.conversation import Conversation
from workflows.refund import Refund

RECORDED = sorted(path for path in HERE.glob("*.json") if path != FINGERPRINTS)
EXPLAIN = """
The commands of a workflow have changed.

What this prevents: a conversation or a refund that began before a deploy is replayed on the new code. If the code then
asks for other commands than its history holds, the workflow stops at a non-determinism error: its customer gets no
answer, and a refund that was being paid waits, until somebody rolls the deploy back.

What to do:
- Workflows of the old code may still run: put the new commands behind `workflow.patched("...")`, and keep the recorded
  histories as they are; they have to go on replaying.
- Nothing of the old code runs any more: record again with `python -m tests.replays.record` and commit what it wrote.
"""


def test_every_flow_has_been_recorded() -> None:
    recorded = {path.name.split(".")[0] for path in RECORDED}
    assert recorded == set(FLOWS), "record again with `python -m tests.replays.record`"


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    recorded = await asyncio.to_thread(path.read_text, encoding="utf-8")
    replayer = Replayer(
        workflows=[Conversation, Refund],
        data_converter=pydantic_data_converter,
        workflow_runner=sandboxed_runner(),
    )
    history = WorkflowHistory.from_json(path.stem, recorded)
    outcome = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    assert outcome.replay_failure is None, f"{outcome.replay_failure}\n{EXPLAIN}"


@pytest.mark.parametrize("name", FLOWS)
async def test_a_flow_gives_the_commands_it_always_gave(here: Here, policies: Policies, name: str) -> None:
    flow = FLOWS[name]
    desk = here(*flow.orders, policies=policies(history_limit=flow.history_limit))
    today = {key: fingerprint(runs) for key, runs in (await histories(desk, name)).items()}
    committed = json.loads(await asyncio.to_thread(FINGERPRINTS.read_text, encoding="utf-8"))
    always = {key: commands for key, commands in committed.items() if key.split(".")[0] == name}
    assert today == always, EXPLAIN


def test_a_recording_names_no_machine() -> None:
    for path in RECORDED:
        assert set(_identities(json.loads(path.read_text(encoding="utf-8")))) <= {"recorder", "history-service"}


def _identities(recorded: object) -> list[str]:
    if isinstance(recorded, dict):
        own = [value for key, value in recorded.items() if key == "identity" and isinstance(value, str)]
        return own + [found for value in recorded.values() for found in _identities(value)]
    return [found for value in recorded for found in _identities(value)] if isinstance(recorded, list) else []
