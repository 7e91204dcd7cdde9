"""The shipped intents keep their contract, and a bad file says where it is bad."""

from pathlib import Path

import pytest
import yaml

import policies
from activities.intent_files import read_intents
from policies.facts import IntentGuess
from policies.gist import gist
from policies.intent_sets import IntentSets, gather
from policies.intents import Intent, Piece, Playbook, Risk, clauses, parse, pieces, rank, riskiest
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
exemplars: {en: [one thing, another thing, third thing, fourth thing, fifth thing]}
"""
LANGUAGES = {"en", "de", "fr", "es", "pt", "hi"}


@pytest.fixture(scope="module")
def sets() -> IntentSets:
    return read_intents(ROOM / "intents")


@pytest.fixture(scope="module")
def shipped(sets: IntentSets) -> tuple[Intent, ...]:
    return sets.shipped


def test_the_shipped_ids_are_the_contract(shipped: tuple[Intent, ...]) -> None:
    assert {intent.id for intent in shipped} == CONTRACT


def test_every_shipped_intent_is_said_in_many_ways_and_languages_and_no_way_twice(shipped: tuple[Intent, ...]) -> None:
    said = [exemplar.casefold() for intent in shipped for exemplar in intent.said]
    assert len(said) == len(set(said))
    assert all(set(intent.exemplars) == LANGUAGES for intent in shipped)
    assert all(len(intent.exemplars["en"]) >= 100 for intent in shipped)
    assert all(len(each) >= 20 for intent in shipped for each in intent.exemplars.values())


def test_whatever_a_question_may_offer_has_a_name_in_every_language(shipped: tuple[Intent, ...]) -> None:
    assert all(intent.background or set(intent.called) == LANGUAGES for intent in shipped if intent.id != "greeting")


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
        (("one thing, ", ""), 1, "exemplars"),
        (("{en: ", "{english: "), 5, "exemplars"),
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
    with pytest.raises(BadFile, match=r"b\.yaml:1: id: 'gift_card' is already the id of a\.yaml"):
        gather([("a.yaml", GOOD), ("b.yaml", GOOD)])


def test_explaining_an_unknown_intent_is_refused() -> None:
    with pytest.raises(BadFile, match=r"a\.yaml:6: explains: there is no intent 'moon_trip'"):
        gather([("a.yaml", GOOD + "explains: [moon_trip]\n")])


def _intent(id: str, explains: tuple[str, ...] = (), background: bool = False) -> Intent:
    return Intent(
        id=id, description=id, playbook=Playbook.NONE, risk=Risk.LOW, explains=explains, background=background,
        exemplars={"en": ("aa", "bb", "cc", "dd", "ee")},
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


def test_wishes_are_answered_in_the_order_written_where_none_explains_another() -> None:
    known = [_intent("track"), _intent("refund"), _intent("dispute", ("refund",)), _intent("hello", background=True)]
    guesses = [IntentGuess(id=id, confidence=0.9) for id in ("hello", "refund", "dispute", "track")]
    written = {"hello": 0, "track": 1, "refund": 2, "dispute": 3}
    assert [guess.id for guess in rank(guesses, known, written)] == ["track", "dispute", "refund", "hello"]


def test_a_message_is_cut_into_itself_its_sentences_and_their_clauses() -> None:
    cut = pieces(("Where is order 12345? And could you help me to cancel order 12346, thanks",))
    assert cut == (
        Piece("Where is order ? And could you help me to cancel order", 0),
        Piece("Where is order ?", 1),
        Piece("cancel order", 1),
    )


@pytest.mark.parametrize("texts", [(), ("",), ("   ",), ("🙂🙂",), ("12345",), ("?!",)])
def test_a_message_without_words_has_no_pieces(texts: tuple[str, ...]) -> None:
    assert pieces(texts) == ()


def test_a_huge_message_is_cut_into_few_pieces() -> None:
    cut = pieces(("Where is my parcel? " * 5_000, "word " * 20_000))
    assert len(cut) <= 24
    assert max(len(piece.text) for piece in cut) <= 300


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Could you please help me to cancel it?", "cancel it?"),
        ("I don't know what I have to do to change the address, can you help me", "change the address"),
        ("hi team, I need assistance with a return please", "a return"),
        ("question about sending it back", "sending it back"),
        ("can I return it after a month", "can I return it after a month"),
        ("I need help", "I need help"),
        ("please", "please"),
        ("hello", "hello"),
        ("", ""),
        ("Wo bleibt mein Paket?", "Wo bleibt mein Paket?"),
    ],
)
def test_framing_is_left_out_and_a_matter_never(said: str, meant: str) -> None:
    assert gist(said) == meant


@pytest.mark.parametrize("piece", ["help ", "please, ", "i need ", "how do i ", " ", "\u200b"])
def test_a_megabyte_of_framing_is_short_afterwards(piece: str) -> None:
    assert len(gist(piece * (1_000_000 // len(piece)))) <= 300


EXTENDING = "id: gift_card\nextends: true\nexemplars: {en: [sixth thing], hi: [saatvi cheez]}\n"
ADDED = GOOD.replace("gift_card", "gift_wrap").replace("thing", "bow")


def _sets(*own: str) -> IntentSets:
    return gather([("a.yaml", GOOD)], {"shop": [(f"shop/{at}.yaml", text) for at, text in enumerate(own)]})


def test_a_tenant_adds_exemplars_to_a_shipped_intent_and_inherits_the_rest() -> None:
    sets = _sets(EXTENDING)
    (extended,) = sets.of("shop")
    assert extended.said[-2:] == ("sixth thing", "saatvi cheez")
    assert len(extended.said) == 7
    assert extended.description == "Gift cards."
    assert sets.of("another shop") == sets.shipped


def test_a_tenant_replaces_a_shipped_intent_and_adds_one() -> None:
    replaced, added = _sets(GOOD.replace("risk: low", "risk: money"), ADDED).of("shop")
    assert (replaced.id, replaced.risk) == ("gift_card", Risk.MONEY)
    assert (added.id, len(added.said)) == ("gift_wrap", 5)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (EXTENDING.replace("gift_card", "moon_trip"), "shop/0.yaml:1: id: there is no shipped intent 'moon_trip'"),
        (EXTENDING + "colour: red\n", "shop/0.yaml:4: colour"),
        (ADDED.replace("risk: low\n", ""), "shop/0.yaml:1: risk"),
        (ADDED + "explains: [moon_trip]\n", "shop/0.yaml:6: explains: there is no intent 'moon_trip'"),
        (ADDED.replace("risk: low", "risk: high"), "shop/0.yaml:4: risk"),
    ],
)
def test_a_tenants_bad_file_is_refused_with_file_line_and_reason(text: str, fault: str) -> None:
    with pytest.raises(BadFile) as refused:
        _sets(text)
    assert str(refused.value).startswith(fault)


def test_the_grocer_has_an_intent_of_its_own(sets: IntentSets) -> None:
    assert {intent.id for intent in sets.of("kirana")} == CONTRACT | {"slot_change"}
    assert {intent.id for intent in sets.of("northwind")} == CONTRACT


def test_clauses_keep_their_codes_and_make_the_pieces_of_a_message() -> None:
    text = "Please cancel 12345, and where is 67890? Thanks\nI need help to return 4711"
    found = dict(clauses(text))
    assert found["Please cancel 12345"] == "cancel"
    assert found["I need help to return 4711"] == "return"
    assert {"cancel", "where is ?", "return"} <= {piece.text for piece in pieces((text,))}


@pytest.mark.parametrize(
    ("ids", "risk"), [((), Risk.LOW), (("gift_card",), Risk.LOW), (("gift_card", "gift_wrap"), Risk.MONEY)]
)
def test_the_riskiest_guess_counts(ids: tuple[str, ...], risk: Risk) -> None:
    intents = _sets(ADDED.replace("risk: low", "risk: money")).of("shop")
    assert riskiest([IntentGuess(id=id, confidence=0.9) for id in ids], intents) is risk


@pytest.mark.timeout(10)
@pytest.mark.parametrize("blanks", [" " * 7_000, "\t" * 7_000, " \t" * 3_500])
def test_a_run_of_blanks_is_cut_quickly(blanks: str) -> None:
    assert pieces(tuple(f"a{blanks}b {number}" for number in range(10)))
