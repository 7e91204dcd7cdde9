"""What to do with a message nobody understood: ask once more, let a model choose, or call a person."""

from collections.abc import Sequence

from activities.inference_asks import Routed, RouteIntent
from policies import routing, wording
from policies.answers import answer_all
from policies.facts import Answer, Injection, IntentGuess, Understanding
from policies.routing import Choice, Context
from workflows import proposing
from workflows.asking import about
from workflows.talk import Question
from workflows.telling import plain
from workflows.turn import Turn


async def clarify(turn: Turn, understood: Understanding, texts: Sequence[str]) -> tuple[Choice, ...]:
    """Answer a message without a sure intent; returns what a model made of it, if it was asked and found something."""
    if understood.injection is not Injection.ALLOW:
        turn.say("message_refused" if understood.injection is Injection.REFUSE else "plain_text_only")
    elif turn.talk.offer:
        turn.say("offer_again", offer=turn.talk.offer.text)
    elif turn.talk.owed and answer_all(texts) is not Answer.OTHER:
        turn.say("refund_underway", order=plain(turn.talk.owed[-1].order_id))
    elif choices := await proposing.choices(turn):
        return choices
    elif turn.talk.unclear < turn.bundle.rules.talk.clarifying_questions:
        turn.talk = turn.talk.with_(unclear=turn.talk.unclear + 1)
        _ask_which(turn, understood.unsure)
    elif choices := await _chosen_by_model(turn, understood):
        return choices
    else:
        turn.talk = turn.talk.with_(unclear=0)
        await turn.hand_over("not understood several times")
    return ()


def _ask_which(turn: Turn, unsure: Sequence[IntentGuess]) -> None:
    """Name what it may have meant, if it may have meant something we have a name for."""
    named = [guess for guess in unsure if guess.called and guess.id in turn.bundle.rules.routes]
    if not named:
        # What we asked before this is no longer what a yes would answer.
        if turn.talk.question and turn.talk.question.about == "intent":
            turn.talk = turn.talk.with_(question=None)
        turn.say("not_understood")
        return
    turn.ask(Question(intent=named[0].id, about="intent", candidates=tuple(guess.id for guess in named)))
    turn.say("which_matter", choices=wording.either([guess.called for guess in named], turn.language))


async def _chosen_by_model(turn: Turn, understood: Understanding) -> tuple[Choice, ...]:
    """Let the model pick one of the known intents; it can name nothing else, and a model that is away picks none."""
    intents = tuple(sorted(turn.bundle.rules.routes))
    common = about(turn, "route", *intents)
    if common is None:
        return ()
    routed = await turn.models.ask(
        "route_intent", Routed, RouteIntent(**common, intents=intents), note="model's choice"
    )
    if routed.guess is None:
        return ()
    chosen = understood.model_copy(update={"intents": (routed.guess,)})
    choices = routing.choose(chosen, Context(), turn.bundle)
    return tuple(choice.model_copy(update={"rule": "routing.model"}) for choice in choices if choice.handler)
