"""Take up the matters of a message one after the other, and those that had to wait once their turn has come."""

from collections.abc import Sequence

from policies import routing, wording
from policies.codes import canonical
from policies.facts import CustomerFacts, Understanding
from policies.routing import Choice
from workflows import negotiation, tracking
from workflows.policy_answers import answer_policy
from workflows.talk import Question, Waiting
from workflows.telling import plain
from workflows.toolbox import Outage, Refused
from workflows.turn import Turn


async def take_up(
    turn: Turn,
    choices: Sequence[Choice],
    customer: CustomerFacts,
    understood: Understanding,
    texts: Sequence[str],
) -> None:
    """Handle what can be handled now; the rest waits for the answer to an offer, or to a question of ours."""
    waiting = list(turn.talk.waiting)
    turn.talk = turn.talk.with_(question=None)
    for choice in choices:
        asked = turn.talk.question is not None and choice.handler in routing.ABOUT_AN_ORDER and not choice.order_id
        if asked or choice.waits:
            waiting.append(Waiting(choice=choice, understood=understood, texts=tuple(texts)))
            continue
        turn.tools.begin_matter()
        await _handle(turn, choice, customer, understood, texts)
    waits_anew = len(waiting) > len(turn.talk.waiting)
    turn.talk = turn.talk.with_(waiting=tuple(waiting[: routing.MOST_MATTERS]))
    if waits_anew and turn.talk.offer:
        turn.say("one_at_a_time")
    await go_on(turn, customer)


async def go_on(turn: Turn, customer: CustomerFacts) -> None:
    """Take up what waits, until something is offered or asked again; a person who has the case has the rest, too.

    What fails here is told apart from what was done before it in the same turn.
    """
    try:
        while turn.talk.waiting and not (turn.talk.offer or turn.talk.question or turn.talk.owner == "person"):
            first, *rest = turn.talk.waiting
            turn.talk = turn.talk.with_(waiting=tuple(rest))
            turn.tools.begin_matter()
            await _handle(turn, first.choice, customer, first.understood, first.texts)
    except (Outage, Refused):
        turn.say("rest_outage")


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
            await negotiation.offer_a_refund(turn, order_id, customer.tier, intents, understood)
        case "return", str(order_id):
            await negotiation.offer_a_return(turn, order_id, customer.tier, intents, understood)
        case "cancel", str(order_id):
            await negotiation.offer_to_cancel(turn, order_id)
        case "address", str(order_id):
            await negotiation.offer_new_address(turn, order_id, "\n".join(texts), answering=False)
        case "policy", _:
            known = understood.order_ids[0] if understood.order_ids else turn.talk.focus
            await answer_policy(turn, customer, choice.intent, understood.redacted, known)
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
    meant = choice.order_id or routing.order_in_question(understood, customer, turn.talk.focus)
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
