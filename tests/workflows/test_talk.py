"""The one state of a conversation: offsets without gaps, an offer's only life, and a size that history can carry."""

from datetime import UTC, datetime, timedelta

import pytest

from policies.bundle import Bundle
from policies.clauses import Citation
from policies.facts import OrderFacts
from policies.offers import CancelTerms, Offer, offer_change
from policies.promises import Promise
from policies.verdict import Outcome, Verdict
from tests.fakes.shop import order
from workflows.messages import EventKind, Opening, Reply
from workflows.record import Decision, ToolUse
from workflows.talk import EVENTS_KEPT, QUOTES_KEPT, Talk, card_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEBIBYTE = 1024 * 1024
OPENING = Opening(tenant="t", conversation_id="c", customer_id="U1", customer_ref="ref")
CITATION = Citation(
    chunk_id="c1",
    document="Returns",
    clause_id="returns.general",
    title="Window",
    version="3",
    effective_from="2026-01-01",
)
PROMISE = Promise(
    order_id="12345", sku="SKU-1", days=30, closes_at=NOW, clause_id="returns.general", version="1", said_at=NOW
)
# A state of 2 MiB can't be continued as new; this leaves room for everything else a payload carries.
LONGEST_TEXTS = {"plain": "x" * 4000, "four bytes a character": "😀" * 4000, "escaped": '"\\\n' * 1333}


@pytest.fixture
def talk() -> Talk:
    return Talk(opening=OPENING, policy_version="1", last_heard=NOW)


def cancel_offer(of: OrderFacts, bundle: Bundle) -> Offer:
    return offer_change("t", CancelTerms(order_id=of.order_id, order_version=of.version), "Shall I?", NOW, bundle)


def reply(number: int, offer: Offer | None = None, text: str = "Order #12345 is on its way.") -> Reply:
    verdict = Verdict(outcome=Outcome.ALLOW, rule="refund.within_limits", policy_version="1", numbers={"amount": 8999})
    decision = Decision(
        turn=number,
        at=NOW,
        intent="refund_request",
        confidence=0.93,
        playbook="negotiation",
        policy_version="1",
        verdicts=(verdict,) * 2,
        tools=(ToolUse(tool="get_order_status", outcome="ok", note="order #12345"),) * 5,
    )
    card = card_of(offer) if offer else None
    return Reply(
        offset=0, turn=number, answers=(f"m{number}",), text=text, at=NOW, stage="open", offer=card, decision=decision
    )


def long_talk(talk: Talk, text: str, turns: int) -> Talk:
    for number in range(1, turns + 1):
        talk = talk.log(EventKind.CUSTOMER, NOW, text).answer(reply(number))
    return talk


def test_offsets_count_from_one_without_gaps(talk: Talk) -> None:
    talk = long_talk(talk, "hello", 300)
    assert talk.last_offset == 600
    assert [event.offset for event in talk.events] == list(range(601 - len(talk.events), 601))


def test_the_transcript_after_an_offset_is_the_rest(talk: Talk) -> None:
    talk = long_talk(talk, "hello", 3)
    assert [event.offset for event in talk.transcript(after=4).events] == [5, 6]


def test_a_full_log_of_plain_turns_stays_below_a_mebibyte(talk: Talk) -> None:
    talk = long_talk(talk, "where is my order 12345? it should have been here yesterday", EVENTS_KEPT)
    assert len(talk.events) == EVENTS_KEPT
    assert len(talk.model_dump_json().encode()) < MEBIBYTE


@pytest.mark.parametrize("text", LONGEST_TEXTS.values(), ids=LONGEST_TEXTS.keys())
def test_the_longest_messages_can_never_make_a_state_that_history_refuses(talk: Talk, text: str) -> None:
    talk = long_talk(talk, text, 300)
    assert len(talk.model_dump_json().encode()) < MEBIBYTE
    assert talk.last_offset == 600
    assert talk.reply_to("m300")


def test_a_reply_is_found_by_every_message_it_answers(talk: Talk) -> None:
    both = reply(1).model_copy(update={"answers": ("a", "b")})
    talk = talk.log(EventKind.CUSTOMER, NOW, "hello").answer(both)
    assert talk.reply_to("a") == talk.reply_to("b") == both.model_copy(update={"offset": 2})
    assert talk.reply_to("c") is None


@pytest.mark.parametrize("how", ["accepted", "declined", "expired"])
def test_an_ended_offer_is_remembered_with_its_ending(talk: Talk, bundle: Bundle, how: str) -> None:
    offer = cancel_offer(order(status="pending"), bundle)
    ended = talk.put_offer(offer).end_offer(how)  # type: ignore[arg-type]  # the table's words are the endings
    assert ended.offer is None
    assert ended.ended_offers == {offer.digest: how}


def test_a_newer_offer_replaces_the_older(talk: Talk, bundle: Bundle) -> None:
    older, newer = cancel_offer(order(), bundle), cancel_offer(order("2"), bundle)
    talk = talk.put_offer(older).put_offer(newer)
    assert talk.offer == newer
    assert talk.ended_offers == {older.digest: "replaced"}


def test_the_same_offer_again_only_gets_a_new_deadline(talk: Talk, bundle: Bundle) -> None:
    first = cancel_offer(order(), bundle)
    again = first.model_copy(update={"expires_at": first.expires_at + timedelta(minutes=5)})
    talk = talk.put_offer(first).put_offer(again)
    assert talk.offer == again
    assert talk.ended_offers == {}


def test_a_state_comes_back_from_history_as_it_went_in(talk: Talk, bundle: Bundle) -> None:
    talk = long_talk(talk.put_offer(cancel_offer(order(), bundle)), "hello", 5).note("offered").with_(closed_at=NOW)
    assert Talk.model_validate_json(talk.model_dump_json()) == talk


def test_what_was_promised_and_quoted_comes_back_from_history(talk: Talk) -> None:
    talk = talk.promise(PROMISE).quote(CITATION)
    assert Talk.model_validate_json(talk.model_dump_json()) == talk
    assert (talk.promises, talk.quoted) == ((PROMISE,), (CITATION,))


def test_only_the_newest_passages_are_remembered_each_once(talk: Talk) -> None:
    for number in (*range(QUOTES_KEPT + 5), 10):
        talk = talk.quote(CITATION.model_copy(update={"chunk_id": str(number)}))
    remembered = [int(citation.chunk_id) for citation in talk.quoted]
    assert remembered == [5, 6, 7, 8, 9, *range(11, QUOTES_KEPT + 5), 10]


def test_a_reply_and_its_event_cite_the_same_passages(talk: Talk) -> None:
    talk = talk.answer(reply(1).model_copy(update={"citations": (CITATION,)}))
    assert talk.events[-1].citations == (CITATION,)


def test_an_older_worker_reads_the_state_of_a_newer_one(talk: Talk) -> None:
    newer = talk.model_dump(mode="json") | {"mood": "sunny"}
    assert Talk.model_validate(newer) == talk
