"""A seeded sample of the campaign; `make chaos` plays the whole of it."""

import pytest

from tests.chaos.campaign import Campaign
from tests.chaos.cells import plan
from tests.chaos.report import table, violations
from workers.embedded import EmbeddedStack

RUNS, SEED = 13, 1


@pytest.mark.chaos
@pytest.mark.timeout(180 + 8 * RUNS)
async def test_no_promise_is_broken_by_a_kill_or_a_fault(stack: EmbeddedStack) -> None:
    results = await Campaign(stack, SEED, print).play(plan(RUNS, SEED))
    print(table(results))
    assert violations(results) == []
    assert len(results) == RUNS
    # A sample that paid nobody, or struck beside every step, would prove nothing.
    assert sum(result.ending == "paid" for result in results) > RUNS / 2
    assert sum(result.scene.on_step for result in results) > RUNS / 2
