"""The shipped intents keep their contract, and a bad file says where it is bad."""

from pathlib import Path

import pytest
import yaml

import policies
from policies.facts import IntentGuess
from policies.intents import Intent, Playbook, Risk, gather, parse, pieces, rank
from policies.yaml_lines import BadFile

ROOM = Path(policies.__file__).parent
CONTRACT = {
    "track_order", "delivery_dispute", "refund_request", "refund_status", "return_request", "return_policy_question",
    "cancel_order", "change_order", "change_address", "damaged_or_wrong_item", "payment_problem", "invoice",
    "product_question", "account", "contact_human", "complaint", "greeting", "feedback", "out_of_scope",
}  # fmt: skip
GOOD = """\
id: gift_card
description: Gift cards.
playbook: policy
risk: low
exemplars: [one thing, another thing, third thing, fourth thing, fifth thing]
"""


@pytest.fixture(scope="module")
def shipped() -> tuple[Intent, ...]:
    return gather((path.name, path.read_text(encoding="utf-8")) for path in sorted((ROOM / "intents").glob("*.yaml")))


def test_the_shipped_ids_are_the_contract(shipped: tuple[Intent, ...]) -> None:
    assert {intent.id for intent in shipped} == CONTRACT


def test_every_shipped_intent_is_said_in_many_ways_and_no_way_twice(shipped: tuple[Intent, ...]) -> None:
    said = [exemplar.casefold() for intent in shipped for exemplar in intent.exemplars]
    assert len(said) == len(set(said))
    assert all(len(intent.exemplars) >= 25 for intent in shipped)


def test_the_bundle_sends_every_intent_to_the_playbook_its_file_names(shipped: tuple[Intent, ...]) -> None:
    current = (ROOM / "bundles" / "CURRENT").read_text(encoding="utf-8").strip()
    rules = yaml.safe_load((ROOM / "bundles" / current / "rules.yaml").read_text(encoding="utf-8"))
    routes = {intent: route["playbook"] for intent, route in rules["default"]["routes"].items()}
    assert routes == {intent.id: intent.playbook.value for intent in shipped}


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        (("playbook: policy", "playbook: magic"), 3, "playbook"),
        (("risk: low", "risk: none"), 4, "risk"),
        (("id: gift_card", "id: Gift Card"), 1, "id"),
        (("risk: low", "risk: low\ncolour: red"), 5, "colour"),
        (("exemplars: [one thing, ", "exemplars: ["), 5, "exemplars"),
        (("risk: low", "risk: [low"), 5, ""),
        (("id: gift_card\n", ""), 1, "id"),
    ],
)
def test_a_bad_file_is_refused_with_file_line_and_reason(change: tuple[str, str], line: int, reason: str) -> None:
    with pytest.raises(BadFile) as refused:
        parse(GOOD.replace(*change), "gift_card.yaml")
    assert (refused.value.source, refused.value.line) == ("gift_card.yaml", line)
    assert reason in refused.value.reason


def test_one_id_in_two_files_is_refused() -> None:
    with pytest.raises(BadFile, match=r"b\.yaml:1: id: 'gift_card' is already"):
        gather([("a.yaml", GOOD), ("b.yaml", GOOD)])


def test_explaining_an_unknown_intent_is_refused() -> None:
    with pytest.raises(BadFile, match="there is no intent 'moon_trip'"):
        gather([("a.yaml", GOOD + "explains: [moon_trip]\n")])


def _intent(id: str, explains: tuple[str, ...] = (), background: bool = False) -> Intent:
    return Intent(
        id=id, description=id, playbook=Playbook.NONE, risk=Risk.LOW, explains=explains, background=background,
        exemplars=("aa", "bb", "cc", "dd", "ee"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ({"track": 0.9, "refund": 0.8}, ["track", "refund"]),
        ({"refund": 0.9, "dispute": 0.7}, ["dispute", "refund"]),
        ({"track": 0.95, "refund": 0.9, "dispute": 0.7}, ["track", "dispute", "refund"]),
        ({"hello": 0.99, "track": 0.7}, ["track", "hello"]),
        ({"hello": 0.99}, ["hello"]),
        ({}, []),
    ],
)
def test_a_cause_goes_before_its_wish_and_a_greeting_last(said: dict[str, float], order: list[str]) -> None:
    known = [_intent("track"), _intent("refund"), _intent("dispute", ("refund",)), _intent("hello", background=True)]
    guesses = [IntentGuess(id=id, confidence=confidence) for id, confidence in said.items()]
    assert [guess.id for guess in rank(guesses, known)] == order


def test_a_message_is_cut_into_itself_its_sentences_and_their_clauses() -> None:
    cut = pieces(("Where is order 12345? And please cancel order 12346, thanks",))
    assert cut == (
        "Where is order ? And please cancel order , thanks",
        "Where is order ?",
        "And please cancel order , thanks",
        "And please cancel order",
    )


@pytest.mark.parametrize("texts", [(), ("",), ("   ",), ("🙂🙂",), ("12345",), ("?!",)])
def test_a_message_without_words_has_no_pieces(texts: tuple[str, ...]) -> None:
    assert pieces(texts) == ()


def test_a_huge_message_is_cut_into_few_pieces() -> None:
    cut = pieces(("Where is my parcel? " * 5_000, "word " * 20_000))
    assert len(cut) <= 24
    assert max(map(len, cut)) <= 300
