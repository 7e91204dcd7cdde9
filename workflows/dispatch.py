"""Take one turn: gather once, let policy choose the way, act at most once, answer."""

import asyncio
from collections.abc import Awaitable, Sequence

from activities.understanding import Utterance
from policies import addresses, routing, wording
from policies.answers import answer_all
from policies.facts import Answer, CustomerFacts, Understanding
from policies.routing import Choice
from policies.slots import canonical
from workflows import closing_deal, negotiation, tracking
from workflows.messages import RefundNews
from workflows.policy_answers import answer_policy
from workflows.said import Said
from workflows.standing import let_offer_expire
from workflows.talk import Question
from workflows.telling import plain
from workflows.toolbox import NotPermitted, Outage, Refused, fetch
from workflows.turn import UNDERSTANDING_QUEUE, Turn

ABSENT = {"order_absent": "order_absent", "shipment_absent": "order_absent", "customer_absent": "no_orders"}


async def take_turn(turn: Turn, batch: Sequence[Said]) -> None:
    """Answer a burst of messages as one; whatever fails ends in an honest sentence."""
    await _honestly(turn, _answer(turn, batch))


async def tell_news(turn: Turn, news: RefundNews) -> None:
    """Tell news of a refund by itself, not as the answer to a message."""
    await _honestly(turn, closing_deal.hear(turn, news))


async def _honestly(turn: Turn, work: Awaitable[None]) -> None:
    try:
        await work
    except Outage:
        turn.say("outage")
    except Refused as refusal:
        sentence = ABSENT.get(refusal.reason, "outage")
        turn.say(sentence, order=plain(turn.talk.focus or "?"))
        # A number that is not there must not stand in for the customer's own orders in what they say next.
        turn.talk = turn.talk.with_(focus=None)
    except NotPermitted as denied:
        await turn.hand_over(f"stopped by {denied}")


async def _answer(turn: Turn, batch: Sequence[Said]) -> None:
    texts = tuple(said.text for said in batch if said.text and not said.feedback)
    if all(said.feedback for said in batch):
        turn.say("thanks")
        return
    customer, understood = await asyncio.gather(turn.customer(), _understand(turn, texts))
    turn.speak(customer.language)
    answer = _answer_to_offer(turn, batch, texts)
    if let_offer_expire(turn) and answer is not Answer.OTHER:
        return
    if turn.talk.offer and answer is Answer.YES:
        await closing_deal.accept(turn, turn.talk.offer)
    elif turn.talk.offer and answer is Answer.NO:
        turn.talk = turn.talk.end_offer("declined").rest().note("customer declined the offer")
        turn.say("offer_declined")
    elif turn.talk.handoff:
        turn.say("hand_over_pending")
    elif turn.talk.owner == "person":
        turn.say("with_person", ticket=turn.talk.ticket or "-")
    elif any(said.wants_person for said in batch):
        turn.choice = Choice(
            intent="contact_human", confidence=1.0, playbook="negotiation", handler="person", rule="routing.asked"
        )
        await turn.hand_over("customer asked for a person")
    else:
        await _follow_intents(turn, customer, understood, texts)


async def _follow_intents(turn: Turn, customer: CustomerFacts, understood: Understanding, texts: Sequence[str]) -> None:
    question = turn.talk.question
    if question and question.about == "address" and question.order_id:
        written = "\n".join(texts)
        if answer_all(texts) is Answer.NO:
            turn.talk = turn.talk.with_(question=None)
            turn.say("offer_declined")
            return
        # Another wish is not a badly written address: whoever changes their mind is not held to the question.
        if addresses.parse(written) or not understood.intents:
            await negotiation.offer_new_address(turn, question.order_id, written, answering=True)
            return
    pending = question.intent if question else None
    choices = routing.choose(understood, pending, turn.bundle)
    turn.choice = choices[0]
    if turn.choice.handler is None:
        await _clarify(turn, texts)
        return
    turn.talk = turn.talk.with_(unclear=0, intent=turn.choice.intent)
    for choice in choices:
        await _handle(turn, choice, customer, understood, texts)
    if turn.talk.offer and turn.talk.offer.text not in turn.parts:
        turn.say("offer_reminder", offer=turn.talk.offer.text)


async def _clarify(turn: Turn, texts: Sequence[str]) -> None:
    if turn.choice.intent == "flagged":
        turn.say("plain_text_only")
    elif turn.talk.offer:
        turn.say("offer_again", offer=turn.talk.offer.text)
    elif turn.talk.owed and answer_all(texts) is not Answer.OTHER:
        turn.say("refund_underway", order=plain(turn.talk.owed[-1].order_id))
    elif turn.talk.unclear < turn.bundle.rules.talk.clarifying_questions:
        turn.talk = turn.talk.with_(unclear=turn.talk.unclear + 1)
        turn.say("not_understood")
    else:
        turn.talk = turn.talk.with_(unclear=0)
        await turn.hand_over("not understood several times")


async def _handle(
    turn: Turn, choice: Choice, customer: CustomerFacts, understood: Understanding, texts: Sequence[str]
) -> None:
    order_id = None
    if choice.handler in routing.ABOUT_AN_ORDER:
        order_id = _which_order(turn, choice, customer, understood)
        if order_id is None:
            return
        turn.talk = turn.talk.with_(focus=order_id)
    intents = [guess.id for guess in understood.intents] or [choice.intent]
    intents += [choice.intent] if choice.intent not in intents else []
    match choice.handler, order_id:
        case "track", str(order_id):
            await tracking.track(turn, order_id)
        case "refund_status", str(order_id):
            await tracking.refund_status(turn, order_id)
        case "refund", str(order_id):
            await negotiation.offer_a_refund(turn, order_id, customer.tier, intents, understood.amounts)
        case "return", str(order_id):
            await negotiation.offer_a_return(turn, order_id, customer.tier, intents)
        case "cancel", str(order_id):
            await negotiation.offer_to_cancel(turn, order_id)
        case "address", str(order_id):
            await negotiation.offer_new_address(turn, order_id, "\n".join(texts), answering=False)
        case "policy", _:
            known = understood.order_ids[0] if understood.order_ids else turn.talk.focus
            await answer_policy(turn, customer, understood.redacted, known)
        case "person", _:
            await turn.hand_over(f"customer asks about {choice.intent}")
        case "greeting", _:
            turn.say("greeting")
        case "thanks", _:
            turn.say("thanks")
        case _:
            turn.say("out_of_scope")


def _which_order(turn: Turn, choice: Choice, customer: CustomerFacts, understood: Understanding) -> str | None:
    """Settle which order is meant, in the shop's own spelling, or ask."""
    meant = routing.order_in_question(understood, customer, turn.talk.focus)
    if meant is None:
        turn.say("no_orders")
        return None
    if isinstance(meant, str):
        own = {canonical(order.order_id): order.order_id for order in customer.orders}
        return own.get(canonical(meant), meant)
    choices = [
        turn.words.say(
            "order_choice",
            order=plain(order.order_id),
            items=wording.listed(order.titles, turn.language),
            status=turn.words.say(f"order_is_{order.status}"),
        )
        for order in customer.orders
        if order.order_id in meant
    ]
    turn.ask(Question(intent=choice.intent, about="order"))
    turn.say("which_order", choices="\n".join(choices))
    return None


def _answer_to_offer(turn: Turn, batch: Sequence[Said], texts: Sequence[str]) -> Answer | None:
    """Weigh everything a burst says to the open offer together: only yes throughout is a yes."""
    if turn.talk.offer is None or any(said.wants_person for said in batch):
        return None
    words = [answer_all(texts)] if texts else []
    presses = [Answer.YES if said.pressed else Answer.NO for said in batch if said.pressed is not None]
    said = set(words + presses)
    return said.pop() if len(said) == 1 else Answer.NO if Answer.NO in said else Answer.OTHER


async def _understand(turn: Turn, texts: tuple[str, ...]) -> Understanding:
    if not texts:
        return Understanding(redacted="")
    asked = Utterance(tenant=turn.caller.tenant, texts=texts, open_question=turn.talk.offer is not None)
    return await fetch(
        "understand",
        Understanding,
        asked,
        note="what is meant",
        bundle=turn.bundle,
        queue=UNDERSTANDING_QUEUE,
    )
