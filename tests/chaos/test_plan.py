"""A plan fills the table evenly, always the same way for one seed."""

from collections import Counter

import pytest

from tests.chaos.cells import FAULTS, TOGETHER, Kill, Part, Step, plan


@pytest.mark.parametrize("runs", [13, 14, 200, 220, 300])
def test_a_plan_has_as_many_runs_as_asked(runs: int) -> None:
    assert plan(runs, seed=1).runs == runs


def test_a_full_plan_kills_every_part_at_every_step_and_meets_every_fault() -> None:
    full = plan(200, seed=1)
    kills = Counter(kill for wave in full.waves for kill in wave.kills)
    assert kills.keys() == {Kill(part, step) for part in Part for step in Step}
    assert set(full.faults) == set(FAULTS)
    assert max(kills.values()) - min(kills.values()) <= 1


def test_a_small_plan_still_kills_every_part() -> None:
    assert {wave.part for wave in plan(13, seed=1).waves} == set(Part)


def test_a_wave_kills_one_part_and_stays_small() -> None:
    for wave in plan(220, seed=3).waves:
        assert {kill.part for kill in wave.kills} == {wave.part}
        assert len(wave.kills) <= TOGETHER


def test_the_seed_decides() -> None:
    assert plan(40, seed=5) == plan(40, seed=5)
    assert plan(40, seed=5) != plan(40, seed=6)
