"""The negotiation agent, after the customer's answer: carry out exactly what was confirmed, once, and read it back."""

import contextlib

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

from activities.ports import LineQuantity
from activities.readback import Landed, ReadWrite
from activities.tools.cancel_order import ConfirmedCancel
from activities.tools.change_address import ConfirmedAddress
from activities.tools.initiate_return import ConfirmedReturn
from policies.facts import AskedAmount, OrderFacts, OrderStatus, RefundStatus, ReturnRecord
from policies.frozen import Fact
from policies.offers import Offer, OfferKind, claim
from policies.permissions import Effect
from policies.refund_path import Step, advance
from workflows import case_file
from workflows.claim import RefundClaim
from workflows.messages import TASK_TIMEOUT, Link, RefundNews, RefundStage, refund_workflow_id
from workflows.negotiation import ME, requote
from workflows.refund import Refund
from workflows.talk import Owed
from workflows.telling import news_words, plain
from workflows.toolbox import NotKnown, Outage, Refused, fetch
from workflows.tracking import list_refunds, read_order
from workflows.turn import Turn

ATTEMPTS = 3
# Nobody paid and nobody will by itself: a person has to look.
NEEDS_A_PERSON = (RefundStage.NOT_PAID, RefundStage.APPROVAL_EXPIRED)


async def accept(turn: Turn, offer: Offer) -> None:
    """Use up the offer, then do what it says."""
    turn.choice = turn.choice.model_copy(
        update={"intent": f"accept_{offer.kind}", "playbook": ME, "rule": "offer.accepted", "confidence": 1.0}
    )
    turn.talk = turn.talk.end_offer("accepted").with_(question=None)
    turn.talk = turn.talk.note(f"customer confirmed {offer.kind} on #{plain(offer.order_id)}")
    if offer.kind is OfferKind.REFUND:
        await _refund(turn, offer)
    else:
        await _change(turn, offer)


async def hear(turn: Turn, news: RefundNews) -> None:
    """Tell what became of a refund, and do what follows from it."""
    debt = turn.talk.debt(news.refund_workflow_id)
    state = str(news.record.status if news.record else news.stage)
    if debt is None or (debt.told == state and not news.final):
        return
    turn.record = news.record
    turn.tools.uses += news.tools
    if debt.told != state:
        turn.talk = turn.talk.owe(debt.model_copy(update={"told": state}))
        turn.parts.append(news_words(news, turn.words, turn.language))
    if news.final:
        turn.talk = turn.talk.settle(news.refund_workflow_id).rest()
        turn.talk = turn.talk.note(f"refund on #{plain(news.order_id)}: {state}")
    elif news.stage is RefundStage.WAITING_APPROVAL:
        turn.talk = turn.talk.with_(stage="waiting_approval")
    unsettled = news.record is not None and news.record.status is not RefundStatus.SETTLED
    if news.final and (unsettled or news.stage in NEEDS_A_PERSON):
        await turn.hand_over(f"refund on order {plain(news.order_id)} ended as {state}")
    elif news.final and news.stage is RefundStage.CHANGED and not turn.talk.held:
        customer, order = await turn.customer(), await read_order(turn, news.order_id)
        await requote(turn, order, customer, debt.reason_code, debt.part)


async def ask_again(turn: Turn, debt: Owed) -> None:
    """Ask a refund for its news once more; when it is gone, ended by an operator, tell what the ledger holds."""
    turn.talk = turn.talk.owe(debt.model_copy(update={"asked_at": turn.now}))
    try:
        handle = workflow.get_external_workflow_handle(debt.refund_workflow_id)
        await handle.signal(Refund.follow, turn.talk.opening.conversation_id)
        return
    except ApplicationError:
        # Gone without a word. If the shop does not answer now, the next time will tell.
        with contextlib.suppress(Outage, Refused):
            order = await read_order(turn, debt.order_id)
            turn.talk = turn.talk.settle(debt.refund_workflow_id).rest()
            list_refunds(turn, order)
            await turn.hand_over(f"refund on order {plain(debt.order_id)} was ended without a word")


async def _refund(turn: Turn, offer: Offer) -> None:
    cleared = offer.refund
    if cleared is None:
        raise ValueError("a refund offer carries its quote")
    turn.judge(cleared.verdict)
    opening, quote = turn.talk.opening, cleared.quote
    refund_id = refund_workflow_id(opening.tenant, quote.order_id, claim(quote))
    amount = quote.amount
    debt = Owed(
        refund_workflow_id=refund_id,
        order_id=quote.order_id,
        reason_code=quote.reason_code,
        part=None if quote.lines else AskedAmount(minor=amount.minor, currency=amount.currency, text=""),
        asked_at=turn.now,
    )
    turn.talk = turn.talk.owe(debt).with_(stage="paying")
    turn.seal()
    started = RefundClaim(
        caller=turn.caller,
        customer_ref=opening.customer_ref,
        conversation_id=opening.conversation_id,
        offer=offer,
        trail=advance(offer.trail, Step.CONFIRMED),
        policy_version=quote.policy_version,
        language=turn.language,
        handled_by=turn.talk.desk.handlers,
    )
    try:
        child = await workflow.start_child_workflow(
            Refund.run,
            started,
            id=refund_id,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            task_timeout=TASK_TIMEOUT,
            parent_close_policy=ParentClosePolicy.ABANDON,
            static_summary=f"{opening.tenant} · refund on #{plain(quote.order_id)}",
            static_details="Approve or deny it through the API's `/v1/approvals`; the current details say what is due.",
            search_attributes=case_file.attributes(
                {case_file.TENANT: opening.tenant, case_file.CUSTOMER: opening.customer_ref}
            ),
        )
    except WorkflowAlreadyStartedError:
        await _follow_the_other(turn, refund_id)
        return
    # Its end arrives as news; unread, a NotPaid would be logged as a forgotten exception.
    child.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    news = await turn.news_of(refund_id, turn.bundle.rules.talk.answer_within_seconds)
    if news is None:
        turn.talk = turn.talk.owe(debt.model_copy(update={"told": str(RefundStage.UNKNOWN)}))
        turn.say("refund_working", order=plain(quote.order_id))
    else:
        await hear(turn, news)


async def _follow_the_other(turn: Turn, refund_id: str) -> None:
    """The same claim is already being made, or has been: hear how it ends, or read what the ledger holds."""
    order_id = next(debt.order_id for debt in turn.talk.owed if debt.refund_workflow_id == refund_id)
    try:
        handle = workflow.get_external_workflow_handle(refund_id)
        await handle.signal(Refund.follow, turn.talk.opening.conversation_id)
    except ApplicationError:
        turn.talk = turn.talk.settle(refund_id).rest()
        list_refunds(turn, await read_order(turn, order_id))
    else:
        turn.say("refund_underway", order=plain(order_id))


async def _change(turn: Turn, offer: Offer) -> None:
    """Cancel, return or re-address: send once, read back when in doubt, tell from what the shop then holds."""
    turn.talk = turn.talk.rest()
    turn.seal()
    number = plain(offer.order_id)
    tool, asked, returns = _write(turn, offer)
    landed = in_doubt = False
    for _ in range(ATTEMPTS):
        try:
            await turn.tools.write(
                ME, tool, Effect.CHANGE, returns, asked, confirmed=True, note=f"{offer.kind} #{number}"
            )
            landed = True
        except NotKnown:
            in_doubt = True
        except Outage:
            # After an attempt that got lost, "nothing was done" is no longer ours to say.
            if not in_doubt:
                turn.say("outage")
                return
        except Refused as refusal:
            if not in_doubt:
                turn.say("offer_changed" if refusal.changed else "change_refused", order=number)
                return
        try:
            if landed or await _landed(turn, asked.key):
                await _tell_change(turn, offer)
                return
        except (Outage, Refused):
            break
    turn.say("change_unknown", order=number)
    await turn.hand_over(f"unknown outcome of {offer.kind} on order {number}")


async def _landed(turn: Turn, key: str) -> bool:
    ask = ReadWrite(tenant=turn.caller.tenant, key=key)
    return (await fetch("did_write_land", Landed, ask, note="read back", bundle=turn.bundle)).landed


async def _tell_change(turn: Turn, offer: Offer) -> None:
    order = await read_order(turn, offer.order_id)
    number = plain(offer.order_id)
    turn.talk = turn.talk.note(f"{offer.kind} on #{number} done")
    if offer.kind is OfferKind.CANCEL and order.status is OrderStatus.CANCELLED:
        turn.say("cancel_done", order=number)
        if order.refunds:
            list_refunds(turn, order)
    elif offer.kind is OfferKind.RETURN and order.returns:
        newest = order.returns[-1]
        date = turn.day(newest.send_back_by) if newest.send_back_by else "?"
        turn.say("return_done", order=number, reference=newest.return_id, url=newest.label_url, date=date)
        turn.links.append(Link(kind="label", order_id=order.order_id, url=newest.label_url))
    elif offer.kind is OfferKind.ADDRESS:
        turn.say("address_done", order=number)
    else:
        turn.say("change_unknown", order=number)
        await turn.hand_over(f"{offer.kind} on order {number} is not to be seen")


def _write(turn: Turn, offer: Offer) -> tuple[str, ConfirmedReturn | ConfirmedCancel | ConfirmedAddress, type[Fact]]:
    key = f"{offer.kind}-{offer.digest[:48]}"
    if offer.returning:
        terms = offer.returning
        lines = tuple(LineQuantity(line_id=line_id, quantity=quantity) for line_id, quantity in terms.lines)
        confirmed = ConfirmedReturn(
            caller=turn.caller,
            order_id=terms.order_id,
            order_version=terms.order_version,
            lines=lines,
            reason_code=terms.reason_code,
            key=key,
        )
        return "initiate_return", confirmed, ReturnRecord
    if offer.cancel:
        cancel = ConfirmedCancel(
            caller=turn.caller,
            order_id=offer.cancel.order_id,
            order_version=offer.cancel.order_version,
            reason="customer asked",
            key=key,
        )
        return "cancel_order", cancel, OrderFacts
    if offer.address:
        moved = ConfirmedAddress(
            caller=turn.caller,
            order_id=offer.address.order_id,
            order_version=offer.address.order_version,
            address=offer.address.address,
            key=key,
        )
        return "change_address", moved, OrderFacts
    raise ValueError("an offer carries its terms")
