"""Take one turn: gather once, let policy choose the way, act at most once, answer."""

import asyncio
from collections.abc import Awaitable, Sequence

from temporalio import workflow

from activities.hydration import Hydrated
from activities.understanding import Utterance
from policies import addresses, routing
from policies.answers import answer_all
from policies.facts import Answer, CustomerFacts, Injection, Understanding
from policies.routing import Choice, Context
from workflows import clarifying, closing_deal, matters, metrics, negotiation, phrasing, proposing
from workflows.handing_over import promise, stop_if_paused
from workflows.messages import RefundNews
from workflows.said import Said
from workflows.standing import let_offer_expire
from workflows.talk import Talk
from workflows.toolbox import NotPermitted, Outage, Refused, fetch
from workflows.turn import UNDERSTANDING_QUEUE, Turn


async def take_turn(turn: Turn, batch: Sequence[Said]) -> None:
    """Answer a burst of messages as one; whatever fails ends in an honest sentence."""
    await _honestly(turn, _answer(turn, batch))
    await phrasing.put_into_words(turn)
    phrasing.remember(turn)
    turn.remember_models()


async def tell_news(turn: Turn, news: RefundNews) -> None:
    """Tell news of a refund by itself, not as the answer to a message."""
    await _honestly(turn, closing_deal.hear(turn, news))


async def _honestly(turn: Turn, work: Awaitable[None]) -> None:
    try:
        await work
    except Outage:
        turn.say("outage")
    except Refused as refusal:
        matters.say_refused(turn, refusal)
    except NotPermitted as denied:
        if turn.tools.trusted:
            await turn.hand_over(f"stopped by {denied}")
        else:
            turn.say("message_refused")


async def _answer(turn: Turn, batch: Sequence[Said]) -> None:
    texts = tuple(said.text for said in batch if said.text.strip() and not said.feedback)
    if all(said.feedback for said in batch):
        turn.say("thanks")
        return
    if any(said.photos for said in batch):
        turn.say("photo_received")
        turn.talk = turn.talk.note("customer sent a photo")
    customer, understood = await asyncio.gather(turn.customer(), _understand(turn, texts))
    turn.understood = understood
    turn.speak(_language(turn, customer, understood))
    turn.talk = turn.talk.with_(personal=understood.personal or turn.talk.personal)
    wants_person = any(said.wants_person for said in batch)
    # A pressed button is nobody's wording: the words beside it neither stop nor steer it.
    _weigh_trust(turn, understood, bound=not wants_person)
    answer = _answer_to_offer(turn, batch, texts, understood)
    if let_offer_expire(turn) and answer in (Answer.YES, Answer.NO):
        return
    if await stop_if_paused(turn, turn.talk.offered_for if turn.talk.offer else ""):
        return
    if turn.talk.offer and answer is Answer.YES:
        await closing_deal.accept(turn, turn.talk.offer)
        await matters.go_on(turn, customer)
    elif turn.talk.offer and answer is Answer.NO:
        turn.talk = turn.talk.end_offer("declined").rest().note("customer declined the offer")
        untouched = not turn.talk.waiting and "accepted" not in turn.talk.ended_offers.values()
        turn.say("offer_declined" if untouched else "offer_dropped")
        await matters.go_on(turn, customer)
    elif turn.talk.owner == "person":
        _say_who_comes(turn)
    elif wants_person:
        turn.choice = Choice(
            intent="contact_human", confidence=1.0, playbook="negotiation", handler="person", rule="routing.asked"
        )
        await turn.hand_over("customer asked for a person", "asked")
    elif texts:
        await _follow_intents(turn, customer, understood, texts)


def _say_who_comes(turn: Turn) -> None:
    """Until a person has the word, say that one is coming."""
    if turn.talk.handoff:
        turn.say("hand_over_pending")
    elif turn.talk.ticket is not None:
        turn.say("with_person", ticket=turn.talk.ticket or "-")
    promise(turn)


async def _follow_intents(turn: Turn, customer: Hydrated, understood: Understanding, texts: Sequence[str]) -> None:
    question = turn.talk.question
    trusted = understood.injection is Injection.ALLOW
    if trusted and question and question.about == "address" and question.order_id:
        written = "\n".join(texts)
        if answer_all(texts) is Answer.NO:
            turn.talk = turn.talk.with_(question=None)
            turn.say("offer_dropped" if turn.talk.waiting else "offer_declined")
            await matters.go_on(turn, customer)
            return
        # Another wish is not a badly written address: whoever changes their mind is not held to the question.
        if addresses.parse(written) or not understood.intents:
            if await stop_if_paused(turn, question.intent):
                return
            turn.matter = question.intent
            await negotiation.offer_new_address(turn, question.order_id, written, answering=True)
            await matters.go_on(turn, customer)
            return
    choices = routing.choose(understood, _context(turn.talk, texts), turn.bundle)
    turn.choice = choices[0]
    if turn.choice.handler is None:
        choices = await clarifying.clarify(turn, understood, texts)
        if not choices:
            return
        turn.choice = choices[0]
    elif turn.choice.handler == "scope" and turn.choice.confidence < routing.SURE:
        # What looks foreign to recognition may be a wish in words it does not know.
        choices = await proposing.choices(turn) or choices
        turn.choice = choices[0]
    turn.talk = turn.talk.with_(unclear=0, intent=turn.choice.intent)
    await matters.take_up(turn, choices, customer, turn.understood, texts)
    _end_with_the_offer(turn)


def _end_with_the_offer(turn: Turn) -> None:
    """Let an open offer be the last thing said: a yes must not be meant for anything after it."""
    if turn.talk.offer is None:
        return
    if turn.talk.offer.text in turn.parts:
        turn.parts.remove(turn.talk.offer.text)
        turn.parts.append(turn.talk.offer.text)
    else:
        turn.say("offer_reminder", offer=turn.talk.offer.text)


def _context(talk: Talk, texts: Sequence[str]) -> Context:
    """What a message may answer: a yes to "is it about a refund?" means the refund."""
    question, answer = talk.question, answer_all(texts)
    answers = answer is not Answer.OTHER
    if question is None:
        return Context(answers=answers, last=talk.intent)
    agreed = len(question.candidates) == 1 and answer is Answer.YES
    pending = question.intent if question.about != "intent" or agreed else None
    return Context(answers=answers, pending=pending, offered=question.candidates, last=talk.intent)


def _language(turn: Turn, customer: CustomerFacts, understood: Understanding) -> str:
    """Answer in the language written in, where the tenant speaks it; else go on as before."""
    spoken = understood.language if understood.language in turn.bundle.replies else ""
    return spoken or turn.talk.language or customer.language


def _weigh_trust(turn: Turn, understood: Understanding, *, bound: bool) -> None:
    """Put a message that is not trusted on the record; `bound` keeps the turn from every tool that writes."""
    verdict = routing.trust(understood, turn.bundle)
    if verdict.allowed:
        return
    turn.judge(verdict)
    metrics.count_flagged(turn.caller.tenant, understood.injection.value)
    turn.talk = turn.talk.note(f"not trusted: {verdict.rule}, score {understood.injection_score:.2f}")
    workflow.logger.warning("a message was not trusted: %s", verdict.rule)
    if bound:
        turn.tools.distrust()


def _answer_to_offer(
    turn: Turn, batch: Sequence[Said], texts: Sequence[str], understood: Understanding
) -> Answer | None:
    """Weigh everything a burst says to the open offer together: only yes throughout is a yes."""
    if turn.talk.offer is None or any(said.wants_person for said in batch):
        return None
    trusted = understood.injection is Injection.ALLOW
    words = [answer_all(texts) if trusted else Answer.OTHER] if texts else []
    presses = [Answer.YES if said.pressed else Answer.NO for said in batch if said.pressed is not None]
    said = set(words + presses)
    return said.pop() if len(said) == 1 else Answer.NO if Answer.NO in said else Answer.OTHER


async def _understand(turn: Turn, texts: tuple[str, ...]) -> Understanding:
    if not texts:
        return Understanding(redacted="")
    asked = Utterance(
        tenant=turn.caller.tenant,
        texts=texts,
        open_question=turn.talk.offer is not None,
        waiting_for=turn.talk.question.about if turn.talk.question else "",
        held=turn.talk.personal,
        language=turn.talk.language,
        today=turn.now.date(),
    )
    return await fetch(
        "understand",
        Understanding,
        asked,
        note="what is meant",
        bundle=turn.bundle,
        queue=UNDERSTANDING_QUEUE,
    )
