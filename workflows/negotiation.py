"""The negotiation agent, up to the customer's answer: quote, fraud check, offer. It moves nothing by itself."""

from collections.abc import Sequence
from datetime import datetime

from activities.tools.check_fraud_score import CheckFraudScore
from policies import addresses, promises, refunds, returns, wording
from policies.facts import (
    AskedAmount,
    CustomerFacts,
    FraudFacts,
    Money,
    OrderFacts,
    OrderStatus,
    ReasonCode,
    Understanding,
)
from policies.offers import AddressTerms, CancelTerms, ReturnTerms, offer_change, offer_refund
from policies.refunds import Cleared
from policies.verdict import Outcome, Verdict
from workflows import proposing
from workflows.talk import Question
from workflows.telling import plain
from workflows.tracking import list_refunds, read_order
from workflows.turn import Turn

ME = "negotiation"


async def offer_a_refund(
    turn: Turn, order_id: str, customer: CustomerFacts, intents: Sequence[str], understood: Understanding
) -> None:
    """Offer what policy allows to pay back on an order, or say by which rule nothing can be."""
    order = await read_order(turn, order_id)
    reason = refunds.reason_for(intents, order, understood.reasons)
    # Of several amounts in one message nobody knows which is asked for; the offer then names all that is left.
    asked = understood.amounts[0] if len(understood.amounts) == 1 else None
    await requote(turn, order, customer, reason, asked)


async def requote(
    turn: Turn, order: OrderFacts, customer: CustomerFacts, reason: ReasonCode, asked: AskedAmount | None
) -> None:
    """Quote, check for fraud, judge, offer."""
    if any(debt.order_id == order.order_id for debt in turn.talk.owed):
        turn.say("refund_underway", order=plain(order.order_id))
        return
    quote = refunds.quote(turn.caller.tenant, order, reason, asked, turn.now, turn.bundle)
    if isinstance(quote, Verdict):
        await _explain_denial(turn, turn.judge(quote), order, customer, reason)
        return
    ask = CheckFraudScore(order_id=order.order_id)
    fraud = await turn.tools.read(ME, "check_fraud_score", FraudFacts, ask, turn.caller, note="fraud check")
    cleared = refunds.clear(quote, order, customer.tier, fraud, turn.now, turn.bundle)
    turn.judge(cleared.verdict)
    text = _offer_words(turn, order, cleared)
    turn.put_offer(offer_refund(cleared, text, turn.now, turn.bundle))
    turn.talk = turn.talk.note(f"offered refund of {wording.money(quote.amount, 'en')} on #{plain(order.order_id)}")


async def offer_a_return(
    turn: Turn, order_id: str, customer: CustomerFacts, intents: Sequence[str], understood: Understanding
) -> None:
    order = await read_order(turn, order_id)
    await _offer_return_of(turn, order, customer, refunds.reason_for(intents, order, understood.reasons))


async def offer_to_cancel(turn: Turn, order_id: str) -> None:
    order = await read_order(turn, order_id)
    if order.status is OrderStatus.CANCELLED:
        turn.say("status_cancelled", order=plain(order.order_id), items=turn.items(order))
    elif order.status is not OrderStatus.PENDING:
        turn.say("cancel_too_late", order=plain(order.order_id))
    else:
        terms = CancelTerms(order_id=order.order_id, order_version=order.version)
        text = turn.words.say("cancel_offer", order=plain(order.order_id), items=turn.items(order))
        _put(turn, terms, text)


async def offer_new_address(turn: Turn, order_id: str, raw_text: str, answering: bool) -> None:
    """Offer the address the customer wrote, or ask for it in a form that can be read."""
    order = await read_order(turn, order_id)
    number = plain(order.order_id)
    if order.status is not OrderStatus.PENDING:
        turn.say("address_too_late", order=number)
        return
    written = addresses.parse(raw_text) or await proposing.address_meant(turn, order_id)
    if written is None:
        turn.ask(Question(intent="change_address", about="address", order_id=order.order_id))
        if answering:
            turn.say("address_unclear")
        else:
            turn.say("address_ask", order=number)
        return
    terms = AddressTerms(order_id=order.order_id, order_version=order.version, address=written)
    _put(turn, terms, turn.words.say("address_offer", order=number, address=written.one_line()))


async def _explain_denial(
    turn: Turn, verdict: Verdict, order: OrderFacts, customer: CustomerFacts, reason: ReasonCode
) -> None:
    if verdict.rule == "refund.return_first":
        await _offer_return_of(
            turn, order, customer, reason, first=turn.words.say(verdict.rule, order=plain(order.order_id))
        )
        return
    left = order.paid_minor - order.refunded_minor
    turn.say(
        verdict.rule,
        order=plain(order.order_id),
        amount=wording.money(Money(minor=left, currency=order.currency), turn.language),
        date=turn.day(refunds.overdue_after(order, turn.bundle)),
        days=turn.bundle.rules.refunds.window(customer.tier),
    )
    if verdict.rule == "refund.split_payment":
        await turn.hand_over("refund over several payments")
    elif verdict.rule in ("refund.already_refunded", "refund.order_cancelled"):
        list_refunds(turn, order)


async def _offer_return_of(
    turn: Turn, order: OrderFacts, customer: CustomerFacts, reason: ReasonCode, first: str = ""
) -> None:
    """Offer a return of all that can be sent back, introduced by `first`, or say why nothing can be."""
    terms = _return_terms(turn, order, customer, reason)
    if isinstance(terms, Verdict):
        turn.judge(terms)
        closed = terms.numbers.get("closed")
        date = turn.day(datetime.fromisoformat(str(closed))) if closed else ""
        turn.say(terms.rule, order=plain(order.order_id), days=terms.numbers.get("days", 0), date=date, amount="")
        return
    titles = {line.line_id: line.title for line in order.lines}
    text = turn.words.say(
        "return_offer",
        order=plain(order.order_id),
        items=wording.listed([titles[line_id] for line_id, _ in terms.lines], turn.language),
        date=turn.day(terms.send_back_by),
    )
    if first:
        turn.parts.append(first)
    _put(turn, terms, text)


def _return_terms(turn: Turn, order: OrderFacts, customer: CustomerFacts, reason: ReasonCode) -> ReturnTerms | Verdict:
    """Judge a return by the rules and by what this conversation has promised; a promise that counted is recorded."""
    tier, region = customer.tier, customer.region
    ruled = returns.terms(order, tier, region, reason, turn.now, turn.bundle)
    honoured = returns.terms(order, tier, region, reason, turn.now, turn.bundle, turn.talk.promises)
    if word := promises.kept(ruled, honoured, turn.bundle.version):
        turn.judge(word)
    return honoured


def _put(turn: Turn, terms: ReturnTerms | CancelTerms | AddressTerms, text: str) -> None:
    offer = offer_change(turn.caller.tenant, terms, text, turn.now, turn.bundle)
    turn.put_offer(offer)
    turn.talk = turn.talk.with_(question=None).note(f"offered {offer.kind} on #{plain(offer.order_id)}")


def _offer_words(turn: Turn, order: OrderFacts, cleared: Cleared) -> str:
    quote = cleared.quote
    arrived = order.delivered_at
    signed_by = next((shipment.signed_by for shipment in order.shipments if shipment.signed_by), "")
    signed = turn.words.say("signed", signed_by=signed_by) if signed_by else ""
    facts: dict[str, str] = {}
    sentence = f"why_{quote.reason_code.value.lower()}"
    if quote.reason_code is ReasonCode.DELIVERY_DISPUTE:
        facts = {"date": wording.instant(arrived, turn.language) if arrived else "?", "signed": signed}
    text = turn.words.say(
        "refund_offer",
        order=plain(order.order_id),
        amount=wording.money(quote.amount, turn.language),
        method=quote.method_label,
        why=turn.words.say(sentence, **facts),
    )
    if cleared.verdict.outcome is Outcome.ASK_HUMAN:
        text = f"{text} {turn.words.needs_approval}"
    return text
