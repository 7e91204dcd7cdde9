"""Take up the matters of a message one after the other, and those that had to wait once their turn has come."""

from collections.abc import Sequence

from policies import routing, wording
from policies.codes import canonical
from policies.decided import held_to
from policies.facts import CustomerFacts, Understanding
from policies.routing import Choice, about, same_matter
from workflows import negotiation, proposing, tracking
from workflows.handing_over import stop_if_paused
from workflows.policy_answers import answer_policy
from workflows.policy_question import questions
from workflows.talk import Question, Waiting
from workflows.telling import plain
from workflows.toolbox import Outage, Refused
from workflows.turn import Turn

ABSENT = {"order_absent": "order_absent", "shipment_absent": "order_absent", "customer_absent": "no_orders"}


async def take_up(
    turn: Turn,
    choices: Sequence[Choice],
    customer: CustomerFacts,
    understood: Understanding,
    texts: Sequence[str],
) -> None:
    """Handle what can be handled now; the rest waits for the answer to an offer, or to a question of ours."""
    said_again = [matter for matter in turn.talk.waiting if any(same_matter(matter.choice, new) for new in choices)]
    waiting = [matter for matter in turn.talk.waiting if matter not in said_again]
    turn.talk = turn.talk.with_(question=None, waiting=tuple(waiting))
    for choice in choices:
        if turn.talk.owner == "person":
            break
        asked = turn.talk.question is not None and choice.handler in routing.ABOUT_AN_ORDER and not choice.order_id
        if asked or choice.waits:
            _let_wait(turn, choice, understood, texts)
        else:
            await _attempt(turn, choice, customer, understood, texts)
    if turn.talk.offer and any(choice.waits for choice in choices):
        turn.say("one_at_a_time")
    await go_on(turn, customer)


async def go_on(turn: Turn, customer: CustomerFacts) -> None:
    """Take up what waits, until something is offered or asked again; a person who has the case has the rest, too."""
    while turn.talk.waiting and not (turn.talk.offer or turn.talk.question or turn.talk.owner == "person"):
        first, *rest = turn.talk.waiting
        turn.talk = turn.talk.with_(waiting=tuple(rest))
        await _attempt(turn, first.choice, customer, first.understood, first.texts)


def say_refused(turn: Turn, refusal: Refused) -> None:
    """Say what could not be found, or that it cannot be looked into now."""
    sentence = ABSENT.get(refusal.reason)
    if sentence:
        turn.say(sentence, order=plain(turn.talk.focus or "?"))
    else:
        turn.say("rest_outage" if turn.parts else "outage")
    # A number that is not there must not stand in for the customer's own orders in what they say next.
    turn.talk = turn.talk.with_(focus=None)


def _let_wait(turn: Turn, choice: Choice, understood: Understanding, texts: Sequence[str]) -> None:
    """Remember a matter with as little of its message as it needs."""
    slim = understood.model_copy(update={"personal": (), "unsure": ()})
    matter = Waiting(choice=choice, understood=slim, texts=tuple(texts) if choice.handler == "address" else ())
    turn.talk = turn.talk.with_(waiting=(*turn.talk.waiting, matter)[: routing.MOST_MATTERS])


async def _attempt(
    turn: Turn, choice: Choice, customer: CustomerFacts, understood: Understanding, texts: Sequence[str]
) -> None:
    """Handle one matter so that its failure takes no other with it; raises Outage while nothing else has been said."""
    turn.tools.begin_matter()
    turn.matter = choice.intent
    if await stop_if_paused(turn, choice.intent):
        return
    try:
        await _handle(turn, choice, customer, understood, texts)
    except Refused as refusal:
        say_refused(turn, refusal)
    except Outage:
        turn.talk = turn.talk.with_(waiting=())
        if not turn.parts:
            raise
        # What was said before may be that something was done, so nothing is said about nothing having changed.
        turn.say("rest_outage")


async def _handle(
    turn: Turn, choice: Choice, customer: CustomerFacts, understood: Understanding, texts: Sequence[str]
) -> None:
    order_id = None
    if choice.handler in routing.ABOUT_AN_ORDER:
        order_id = await _which_order(turn, choice, customer, understood)
        if order_id is None:
            return
        turn.talk = turn.talk.with_(focus=order_id)
        understood = about(understood, order_id)
    if _say_what_was_decided(turn, choice, order_id):
        return
    intents = [guess.id for guess in understood.intents] or [choice.intent]
    intents += [choice.intent] if choice.intent not in intents else []
    match choice.handler, order_id:
        case "track", str(order_id):
            await tracking.track(turn, order_id)
        case "refund_status", str(order_id):
            await tracking.refund_status(turn, order_id)
        case "refund", str(order_id):
            await negotiation.offer_a_refund(turn, order_id, customer, intents, understood)
        case "return", str(order_id):
            await negotiation.offer_a_return(turn, order_id, customer, intents, understood)
        case "cancel", str(order_id):
            await negotiation.offer_to_cancel(turn, order_id)
        case "address", str(order_id):
            await negotiation.offer_new_address(turn, order_id, "\n".join(texts), answering=False)
        case "policy", _:
            await _answer_questions(turn, choice, customer, understood)
        case "person", _:
            await turn.hand_over(f"customer asks about {choice.intent}")
        case "greeting", _:
            turn.say("greeting")
        case "thanks", _:
            turn.say("thanks")
        case _:
            turn.say("out_of_scope")


def _say_what_was_decided(turn: Turn, choice: Choice, order_id: str | None) -> bool:
    """Tell a person's decision in their words; says whether nothing may be done beside it."""
    decided = held_to(turn.talk.desk.decisions, choice.handler or "", order_id)
    if decided is None:
        return False
    turn.say("person_decided", name=decided.by_name, decision=decided.words)
    # What the ledger holds contradicts nobody.
    return choice.handler != "refund_status"


async def _answer_questions(turn: Turn, choice: Choice, customer: CustomerFacts, understood: Understanding) -> None:
    for guess in questions(choice, understood, turn.bundle):
        if turn.talk.owner == "person":
            break
        turn.tools.begin_matter()
        await answer_policy(turn, customer, guess, understood)


async def _which_order(turn: Turn, choice: Choice, customer: CustomerFacts, understood: Understanding) -> str | None:
    """Settle which order is meant, in the shop's own spelling, or ask."""
    meant = choice.order_id or routing.order_in_question(understood, customer, turn.talk.focus)
    if meant is None:
        turn.say("no_orders")
        return None
    if isinstance(meant, str):
        own = {canonical(order.order_id): order.order_id for order in customer.orders}
        return own.get(canonical(meant), meant)
    if named := await proposing.order_meant(turn, choice, meant):
        return named
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
