"""An attempt after lost ones has a single call and the seconds they left, and says that they were made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.attempts import SHORTEST_S, SPARE_S, Attempt, attempt_at
from policies.inference import ModelCall
from tests.activities.asks import ALLOWANCE


def attempt(number: int, *, gone_s: float = 0, within_s: float | None = 60) -> Attempt:
    """Make an attempt at a task that was scheduled so long ago and has to end within so long of that."""
    environment = ActivityEnvironment()
    environment.info = replace(
        environment.info,
        attempt=number,
        scheduled_time=datetime.now(UTC) - timedelta(seconds=gone_s),
        schedule_to_close_timeout=None if within_s is None else timedelta(seconds=within_s),
    )
    found: Attempt = environment.run(lambda: attempt_at("propose", "propose/1", ALLOWANCE))
    return found


def test_a_first_attempt_has_everything_however_long_it_waited() -> None:
    assert attempt(1) == attempt(1, gone_s=59) == attempt_at("propose", "propose/1", ALLOWANCE)
    assert attempt(1) == Attempt(1, ALLOWANCE, ())


@pytest.mark.parametrize("number", [2, 3])
def test_each_lost_attempt_is_recorded_as_one_call_and_one_is_left(number: int) -> None:
    made = attempt(number)
    assert (made.number, made.allowance) == (number, ALLOWANCE.model_copy(update={"calls": 1}))
    assert made.lost == tuple(
        ModelCall(task="propose", deployment="", tier="S", prompt="propose/1", outcome="lost", attempt=before)
        for before in range(1, number)
    )


def test_a_second_attempt_has_the_seconds_left_of_its_task() -> None:
    left = attempt(2, gone_s=7, within_s=10).allowance.seconds
    assert SHORTEST_S < left <= 3 - SPARE_S


def test_a_second_attempt_never_has_more_seconds_than_the_first() -> None:
    assert attempt(2, within_s=600).allowance.seconds == ALLOWANCE.seconds
    assert attempt(2, gone_s=600, within_s=None).allowance.seconds == ALLOWANCE.seconds


def test_an_attempt_that_comes_too_late_has_a_moment_and_no_error() -> None:
    assert attempt(2, gone_s=10, within_s=10).allowance.seconds == SHORTEST_S
