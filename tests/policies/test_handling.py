"""Who may do what to a conversation in people's hands."""

from datetime import UTC, datetime

import pytest

from policies import casework
from policies.cases import Case, Priority
from policies.handling import may_act, tag_of
from policies.service import ServiceRules

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUEUED = casework.opened(1, "asked", NOW, Priority.NORMAL, ServiceRules())
GIVEN = casework.assigned(QUEUED, "ann", "Ann")
CLAIMED = casework.claimed(QUEUED, "ann", "Ann", NOW)
ACTS = ("claim", "assign", "tell", "note", "hand_back", "resolve", "tag", "prioritise", "snooze")
FREE = {"note", "tag", "prioritise"}


def rule(kind: str, case: Case | None, by: str = "ben", role: str = "agent", *, force: bool = False) -> str:
    return may_act(kind, by, role, case, "v7", force=force, closed=False).rule


def allowed(case: Case | None, by: str = "ben", role: str = "agent", *, force: bool = False) -> set[str]:
    return {kind for kind in ACTS if rule(kind, case, by, role, force=force) == "case.allowed"}


def test_a_verdict_names_its_rule_and_the_version_of_the_policy() -> None:
    verdict = may_act("claim", "ben", "agent", CLAIMED, "v7", force=False, closed=False)
    assert (verdict.allowed, verdict.rule, verdict.policy_version) == (False, "case.taken", "v7")


@pytest.mark.parametrize("role", ["customer", "tenant", "", "Agent"])
@pytest.mark.parametrize("case", [None, QUEUED, CLAIMED])
def test_whoever_is_not_staff_may_do_nothing(role: str, case: Case | None) -> None:
    assert {rule(kind, case, "ann", role, force=True) for kind in ACTS} == {"case.role"}


@pytest.mark.parametrize("role", ["agent", "supervisor"])
def test_what_nobody_has_may_be_taken_but_not_ended(role: str) -> None:
    assert allowed(None, role=role) == set(ACTS) - {"hand_back", "resolve"}
    assert rule("resolve", None, role=role) == "case.absent"


@pytest.mark.parametrize("case", [QUEUED, GIVEN])
def test_until_it_is_claimed_a_case_is_everybodys(case: Case) -> None:
    assert allowed(case) == set(ACTS)


def test_whoever_claimed_a_case_may_do_everything() -> None:
    assert allowed(CLAIMED, "ann") == set(ACTS)


def test_a_colleague_may_only_write_beside_it() -> None:
    assert allowed(CLAIMED) == allowed(CLAIMED, force=True) == FREE
    assert (rule("claim", CLAIMED), rule("tell", CLAIMED)) == ("case.taken", "case.not_yours")


def test_a_supervisor_sends_a_case_on_and_speaks_only_after_taking_the_word() -> None:
    assert allowed(CLAIMED, role="supervisor") == set(ACTS) - {"claim", "tell"}
    assert allowed(CLAIMED, role="supervisor", force=True) == set(ACTS) - {"tell"}


@pytest.mark.parametrize("role", ["agent", "supervisor"])
def test_what_is_closed_takes_notes_and_tags(role: str) -> None:
    rules = {kind: may_act(kind, "ann", role, CLAIMED, "v7", force=True, closed=True).rule for kind in ACTS}
    assert {kind for kind, named in rules.items() if named == "case.allowed"} == {"note", "tag"}
    assert set(rules.values()) == {"case.allowed", "case.closed"}


TAGS = {
    "VIP": "vip",
    "  late parcel ": "late-parcel",
    "a--b__c": "a-b-c",
    "Straße 5": "strasse-5",
    "返品": "返品",
    "<script>": "script",
    "!?": "",
    "": "",
    "x" * 40: "x" * 30,
    "abcdefghijklmnopqrstuvwxyz123 four": "abcdefghijklmnopqrstuvwxyz123",
}


@pytest.mark.parametrize("text", TAGS)
def test_a_tag_is_spelt_one_way(text: str) -> None:
    assert tag_of(text) == TAGS[text]
    assert tag_of(tag_of(text)) == tag_of(text)
