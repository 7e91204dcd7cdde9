"""A seeded sample of the race of claims; `python -m tests.chaos.claims --races 10000` runs the whole of it."""

from datetime import UTC, datetime

import pytest
from temporalio.client import Client

from tests.chaos.claims import between, play
from workflows.messages import Event, EventKind

RACES, SEED = 60, 1

pytestmark = pytest.mark.filterwarnings("ignore:Module workflows")


async def test_no_word_of_the_ai_follows_a_claim(temporal_client: Client) -> None:
    score = await play(temporal_client, RACES, SEED)
    assert score.leaks == []
    assert score.races == RACES
    # A sample in which every claim came too early or too late would prove nothing.
    assert score.cut
    assert score.shown


def test_a_reply_between_claim_and_hand_back_is_found() -> None:
    kinds = [EventKind.REPLY, EventKind.CLAIMED, EventKind.PERSON, EventKind.REPLY, EventKind.RETURNED, EventKind.REPLY]
    now = datetime(2026, 11, 20, tzinfo=UTC)
    log = [Event(offset=offset, kind=kind, at=now) for offset, kind in enumerate(kinds, start=1)]
    assert [event.offset for event in between(log)] == [4]
