"""A pause stops the intent it names, or all of them."""

import pytest

from policies.pausing import stopped
from policies.verdict import Outcome
from tests.policies.shipped import STANDARD


@pytest.mark.parametrize(
    ("paused", "by"),
    [
        (["refund_request"], "refund_request"),
        (["track_order", "refund_request"], "refund_request"),
        (["*"], "*"),
        (["refund_request", "*"], "*"),
    ],
)
def test_a_paused_intent_is_refused_and_says_by_what(paused: list[str], by: str) -> None:
    verdict = stopped("refund_request", paused, STANDARD)
    assert verdict
    assert (verdict.outcome, verdict.rule, verdict.policy_version) == (Outcome.DENY, "ai.paused", STANDARD.version)
    assert verdict.numbers == {"intent": "refund_request", "paused": by}


@pytest.mark.parametrize("paused", [[], ["track_order"], ["refund"], ["refund_*"]])
def test_the_ai_answers_what_is_not_paused(paused: list[str]) -> None:
    assert stopped("refund_request", paused, STANDARD) is None
