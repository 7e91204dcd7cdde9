"""Which tool a playbook may reach, and what an effect needs before it may happen."""

from enum import StrEnum

from policies.bundle import Bundle
from policies.verdict import Number, Outcome, Verdict


class Effect(StrEnum):
    """What a tool does to the world: nothing, a change that can be undone, or money."""

    READ = "read"
    CHANGE = "change"
    MONEY = "money"


# Telling people is a change nobody needs to confirm: a ticket or an e-mail takes nothing from the customer.
UNCONFIRMED_CHANGES = frozenset({"escalate_to_human", "send_notification"})


def may_use(
    playbook: str, tool: str, effect: Effect, used: int, confirmed: bool, bundle: Bundle, *, trusted: bool = True
) -> Verdict:
    """Judge one tool call of a playbook that has made `used` calls for this matter.

    A turn whose words were not trusted reads at most, whatever was confirmed.
    """
    book = bundle.rules.playbooks[playbook]
    numbers: dict[str, Number] = {"playbook": playbook, "tool": tool, "used": used, "turns": book.turns}
    if tool not in book.tools:
        outcome, rule = Outcome.DENY, "tool.not_in_playbook"
    elif used >= book.turns:
        outcome, rule = Outcome.DENY, "tool.turns_spent"
    elif effect is not Effect.READ and not trusted:
        outcome, rule = Outcome.DENY, "tool.not_trusted"
    elif effect is not Effect.READ and tool not in UNCONFIRMED_CHANGES and not confirmed:
        outcome, rule = Outcome.DENY, "tool.unconfirmed"
    else:
        outcome, rule = Outcome.ALLOW, "tool.listed"
    return Verdict(outcome=outcome, rule=rule, policy_version=bundle.version, numbers=numbers)
