"""How much a message asks of whoever answers it; policy chooses a model's tier by it."""

import re
from collections.abc import Sequence

from policies.facts import Complexity, IntentGuess

WORDS_OF_A_SIMPLE_MESSAGE = 40
WORDS_OF_A_TANGLED_ONE = 120
MATTERS_OF_A_TANGLED_ONE = 3
# Words that make one wish depend on another.
CONDITIONS = re.compile(
    r"\b(?:unless|except|only if|if not|instead|otherwise|but first|in that case|depending|falls|sonst|außer"
    r"|stattdessen|sinon|sauf|au lieu|a menos|en vez|si no|a não ser|em vez|agar|warna)\b",
    re.IGNORECASE,
)


def weigh(text: str, intents: Sequence[IntentGuess], orders: Sequence[str]) -> Complexity:
    """Weigh a redacted message by its length, its matters and what they hang on."""
    words, matters, conditions = len(text.split()), len(intents), len(CONDITIONS.findall(text))
    if words > WORDS_OF_A_TANGLED_ONE or matters > MATTERS_OF_A_TANGLED_ONE or (matters > 1 and conditions > 0):
        return Complexity.TANGLED
    if words > WORDS_OF_A_SIMPLE_MESSAGE or matters > 1 or len(orders) > 1 or conditions > 0:
        return Complexity.SEVERAL
    return Complexity.SIMPLE
