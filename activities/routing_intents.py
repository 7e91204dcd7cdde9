"""Let a language model name the intent of a message that recognition was not sure of."""

from pydantic import ValidationError

from activities.inference_asks import Routed, RouteIntent
from activities.structured import Form, Structured
from policies.decoding import plain, record
from policies.facts import IntentGuess
from policies.frozen import Written
from policies.intent_sets import IntentSets
from policies.tool_routes import CONFIDENCE

NONE = "none_of_these"
MOST_TOKENS = 40


class _Choice(Written):
    choice: str


class IntentRouting:
    """Offers the model a closed list of ids with their descriptions."""

    def __init__(self, structured: Structured, sets: IntentSets) -> None:
        self._structured = structured
        self._sets = sets

    async def route(self, ask: RouteIntent) -> Routed:
        """Report the intent the model chose; "no_intent" where it chose none of them."""
        options = (*ask.intents, NONE)
        schema = record({"choice": {"type": "string", "enum": list(options)}})
        form = Form(schema, lambda text: _chosen(text) in options, MOST_TOKENS)
        generated = await self._structured.decode("route", ask, form, choices=self._described(ask))
        if generated.text is None:
            return Routed(calls=generated.calls, reasons=(generated.reason,))
        chosen = _chosen(generated.text)
        if chosen is None or chosen not in ask.intents:
            return Routed(calls=generated.calls, reasons=("no_intent",))
        return Routed(calls=generated.calls, guess=IntentGuess(id=chosen, confidence=CONFIDENCE))

    def _described(self, ask: RouteIntent) -> str:
        described = {intent.id: intent.description for intent in self._sets.of(ask.allowance.tenant)}
        listed = [f"- {name}: {described.get(name, '')}" for name in ask.intents]
        return "\n".join((*listed, f"- {NONE}: anything else"))


def _chosen(text: str) -> str | None:
    try:
        return _Choice.model_validate_json(plain(text)).choice
    except ValidationError:
        return None
