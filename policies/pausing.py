"""Whether people have paused the AI for a matter."""

from collections.abc import Sequence

from policies.bundle import Bundle
from policies.verdict import Outcome, Verdict

ANY_INTENT = "*"


def stopped(intent: str, paused: Sequence[str], bundle: Bundle) -> Verdict | None:
    """Refuse an intent that is paused, by its name or with all others; None where the AI may answer."""
    for pause in (ANY_INTENT, intent):
        if pause in paused:
            numbers = {"intent": intent, "paused": pause}
            return Verdict(outcome=Outcome.DENY, rule="ai.paused", policy_version=bundle.version, numbers=numbers)
    return None
