"""The judge must be able to say no: doctored books and transcripts, and each broken promise seen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.chaos.books import Case, Row
from tests.chaos.checker import Broken, Evidence, is_final, judge
from tests.chaos.people import Sent, Word

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CASE = Case(number=1, tenant="t", customer_id="U1", order_id="700001", paid_minor=8999)
ANSWERED = 200


def moment(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


def word(offset: int, text: str, seconds: float, kind: str = "message.assistant") -> Word:
    return Word(offset, kind, NOON + timedelta(seconds=seconds), text)


def refund(**other: Any) -> Row:
    return {
        **{"refund_id": "REF-1", "order_id": "700001", "status": "settled", "amount_minor": 8999, "currency": "USD"},
        **{"created_at": moment(3), "approved_at": moment(4), "settled_at": moment(5), **other},
    }


def letter(body: str, seconds: float = 6) -> Row:
    return {"body": body, "created_at": moment(seconds)}


OFFER = word(2, "I can refund $89.99 for order #700001 to your Visa. Shall I go ahead?", 1)
YES = word(3, "Yes, please.", 2, "message.customer")
PAID = "Your refund of $89.99 for order #700001 to your Visa has been paid (reference REF-1)."
NOT_MADE = "The refund on order #700001 was not made, and no money has moved. I am passing it to a colleague."
DENIED = "A colleague has looked at your request and did not approve the refund: no. No money has moved."
KEPT = Evidence(
    case=CASE,
    confirmed=True,
    final_s=4.0,
    transcript=(word(1, "I want a refund", 0, "message.customer"), OFFER, YES, word(4, PAID, 6)),
    heard=frozenset({1, 2, 3, 4}),
    sent=(Sent("m-1", "I want a refund", ANSWERED), Sent("m-2", "Yes, please.", ANSWERED)),
    payments=({"paid_minor": 8999, "refunded_minor": 8999},),
    refunds=(refund(),),
    letters=(letter(PAID),),
)
UNPAID = replace(
    KEPT,
    transcript=(*KEPT.transcript[:3], word(4, DENIED, 6)),
    refunds=(),
    letters=(),
    payments=({"paid_minor": 8999, "refunded_minor": 0},),
)


def retold(run: Evidence, text: str, seconds: float = 6) -> Evidence:
    """The same run with another last word."""
    return replace(run, transcript=(*run.transcript[:-1], word(4, text, seconds)))


@pytest.mark.parametrize("run", [KEPT, UNPAID], ids=["paid and told", "honestly unpaid"])
def test_a_kept_promise_has_no_findings(run: Evidence) -> None:
    assert judge(run) == ()


DOCTORED = {
    "two refunds": (replace(KEPT, refunds=(refund(), refund(refund_id="REF-2"))), Broken.DUPLICATE),
    "more given back than paid": (
        replace(KEPT, payments=({"paid_minor": 8999, "refunded_minor": 17998},)),
        Broken.DUPLICATE,
    ),
    "the same e-mail twice": (replace(KEPT, letters=(letter(PAID), letter(PAID))), Broken.DUPLICATE),
    "confirmed, and then nothing": (
        replace(UNPAID, final_s=None, transcript=KEPT.transcript[:3], heard=frozenset({1, 2, 3})),
        Broken.LOST,
    ),
    "a yes that nobody took": (replace(UNPAID, sent=(KEPT.sent[0], Sent("m-2", "yes", 409))), Broken.LOST),
    "the conversation has vanished": (replace(UNPAID, transcript=(), heard=frozenset()), Broken.LOST),
    "ten times the amount": (replace(KEPT, refunds=(refund(amount_minor=89990),)), Broken.WRONG),
    "another currency": (replace(KEPT, refunds=(refund(currency="EUR"),)), Broken.WRONG),
    "another amount told": (retold(KEPT, PAID.replace("$89.99", "$98.99")), Broken.WRONG),
    "paid, and nobody was told": (replace(retold(KEPT, "One moment."), letters=()), Broken.SILENT),
    "failed at the bank, and nobody was told": (
        replace(UNPAID, refunds=(refund(status="failed", settled_at=None),)),
        Broken.SILENT,
    ),
    "still pending at the end": (replace(KEPT, refunds=(refund(status="pending", settled_at=None),)), Broken.SILENT),
    "a message without an answer": (replace(KEPT, sent=(*KEPT.sent, Sent("m-3", "hello?"))), Broken.SILENT),
    "a word that never reached the stream": (replace(KEPT, heard=frozenset({1, 2, 3})), Broken.SILENT),
    "said paid without a refund": (retold(UNPAID, PAID), Broken.UNTRUE),
    "said paid before it was": (retold(KEPT, PAID, seconds=4.5), Broken.UNTRUE),
    "mailed paid before it was": (replace(KEPT, letters=(letter(PAID, 4.9),)), Broken.UNTRUE),
    "said that nothing moved when it had": (retold(KEPT, NOT_MADE), Broken.UNTRUE),
    "said a colleague has it when nobody has": (
        retold(UNPAID, "I have passed this to a colleague (ticket TICKET-1). They will answer you."),
        Broken.UNTRUE,
    ),
}


@pytest.mark.parametrize(("run", "broken"), DOCTORED.values(), ids=list(DOCTORED))
def test_a_broken_promise_is_seen(run: Evidence, broken: Broken) -> None:
    assert broken in {finding.broken for finding in judge(run)}


@pytest.mark.parametrize(
    ("text", "final"),
    [
        (PAID, True),
        (DENIED, True),
        ("Your refund has failed (reference REF-1), so this money has not been paid. A colleague takes care.", True),
        ("It now waits for a colleague’s approval. No money has moved yet; I will tell you here.", False),
        ("I can’t look into this right now, and nothing has been changed. Please write again.", False),
        ("I don’t know yet whether it went through.", False),
        (OFFER.text, False),
    ],
)
def test_only_a_last_word_ends_a_run(text: str, final: bool) -> None:
    assert is_final(text) is final
