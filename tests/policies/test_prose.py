"""What documents say and what the rules decide by are the same numbers."""

from datetime import date

import pytest

from policies.bundle import ReturnWindowRule, Rules
from policies.chunks import Chunk
from policies.prose import differences
from tests.policies.shipped import BUNDLES, STANDARD
from tests.policies.written import shipped_chunks


def chunk(text: str, section: str = "returns.general", **more: object) -> Chunk:
    fields: dict[str, object] = {
        "document": "d",
        "title": "d",
        "version": "1",
        "section": section,
        "heading": "h",
        "text": text,
        "effective_from": date(2026, 1, 1),
        "source": "d.md",
    }
    return Chunk.model_validate(fields | more).sealed("northwind")


def rules(*windows: ReturnWindowRule) -> Rules:
    return STANDARD.rules.model_copy(update={"returns": windows})


GENERAL = ReturnWindowRule(clause="returns.general", days={"standard": 30, "gold": 60})
RIGHT = "The return window is 30 days after delivery for most items, 60 days for gold members."


@pytest.mark.parametrize("tenant", ["northwind", "alpenpost", "kirana"])
def test_the_shipped_documents_say_what_the_shipped_rules_say(tenant: str) -> None:
    assert differences(shipped_chunks(tenant), BUNDLES[tenant].rules) == ()


AGREEING = {
    "as written": RIGHT,
    "weeks": "Send it back within 30 days. Gold members have 60 days.",
    "same for all, said so": "You have 30 days, gold members 60 days, silver members have the same as everybody.",
    "another number elsewhere": f"{RIGHT} Your legal right to withdraw within 14 days stays.",
}


@pytest.mark.parametrize("text", AGREEING.values(), ids=AGREEING.keys())
def test_a_clause_that_states_the_days_of_every_tier_agrees(text: str) -> None:
    assert differences([chunk(text)], rules(GENERAL)) == ()


DIFFERING = {
    "standard": ("The return window is 28 days, 60 days for gold members.", "standard: 28 days", "standard: 30 days"),
    "gold": ("The return window is 30 days, 45 days for gold members.", "gold: 45 days", "gold: 60 days"),
    "gold left out": ("The return window is 30 days.", "gold: 30 days", "gold: 60 days"),
    "tiers swapped": ("The return window is 60 days, 30 days for gold.", "standard: 60 days; gold: 30", "standard: 30"),
    "no number": ("Ask us how long.", "standard: no number of days", "standard: 30 days"),
    "working days": ("The window is 30 working days, 60 for gold members.", "no number of days", "30 days"),
    "the law's number alone": (
        "The return window is 14 days, 60 days for gold members. The law gives you 30 days.",
        "standard: 14 days",
        "standard: 30 days",
    ),
}


@pytest.mark.parametrize(("text", "prose", "rule"), DIFFERING.values(), ids=DIFFERING.keys())
def test_a_clause_that_states_other_days_is_found(text: str, prose: str, rule: str) -> None:
    (found,) = differences([chunk(text)], rules(GENERAL))
    assert (found.kind, found.source, found.where) == ("differs_from_rules", "d.md", "d 1, returns.general")
    assert found.stops
    said, _, ruled = found.says.partition("the rules say")
    assert prose in said
    assert rule in ruled


def test_a_version_is_compared_with_the_rule_of_its_time() -> None:
    old = ReturnWindowRule(clause="returns.general", ordered_to=date(2026, 9, 30), days={"standard": 45, "gold": 60})
    before = chunk(RIGHT.replace("30", "45"), effective_to=date(2026, 9, 30))
    after = chunk(RIGHT, version="2", effective_from=date(2026, 10, 1))
    assert differences([before, after], rules(GENERAL, old)) == ()
    (found,) = differences([before.model_copy(update={"effective_to": None}), after], rules(GENERAL, old))
    assert "45" in found.says


def test_a_region_is_compared_with_its_own_rule() -> None:
    canada = ReturnWindowRule(clause="returns.general", region="CA", days={"standard": 40, "gold": 70})
    home = chunk(RIGHT, region="US")
    there = chunk("The window is 40 days, 70 days for gold members.", document="c", region="CA")
    assert differences([home, there], rules(GENERAL, canada)) == ()
    assert [found.where for found in differences([home], rules(GENERAL, canada))] == ["returns.general"]
    assert len(differences([chunk(RIGHT)], rules(GENERAL, canada))) == 1


def test_a_clause_of_one_tier_states_that_tier_alone() -> None:
    gold = chunk("You can return items for 60 days.", tier="gold", document="g")
    assert differences([chunk(RIGHT), gold], rules(GENERAL)) == ()
    assert differences([chunk(RIGHT), gold.model_copy(update={"text": "It is 50 days."})], rules(GENERAL))


def test_a_rule_whose_clause_nobody_wrote_is_found() -> None:
    (found,) = differences([], rules(GENERAL))
    assert "no document has the clause returns.general" in found.says


def test_refund_numbers_are_compared_with_the_clauses_in_force() -> None:
    written = [
        chunk(RIGHT),
        chunk("Tell us within 20 days; gold members have 60 days.", "disputes.window", version="2"),
        chunk("Tell us within 10 days.", "disputes.window", effective_to=date(2026, 3, 1)),
        chunk("A parcel counts as late five days after the promised day.", "disputes.late"),
    ]
    found = differences(written, rules(GENERAL))
    assert [each.where for each in found] == ["d 1, disputes.late", "d 2, disputes.window"]
    assert len(differences(written, rules(GENERAL), on=date(2026, 2, 1))) == 3


def test_the_parts_of_a_long_section_are_read_together() -> None:
    first = chunk("The return window is 30 days.", parts=2)
    second = chunk("30 days. Gold members have 60 days.", part=1, parts=2, repeats=8)
    assert differences([second, first], rules(GENERAL)) == ()
