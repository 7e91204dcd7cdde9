"""Judge a person's word on a waiting refund: role, deadline, single use, and four eyes above a second limit."""

from collections.abc import Collection, Sequence

from policies.bundle import Bundle
from policies.facts import Money
from policies.frozen import Fact
from policies.verdict import Outcome, Verdict


class Approval(Fact):
    decision_id: str
    approver: str
    role: str
    approve: bool
    reason: str


def approvals_needed(amount: Money, bundle: Bundle) -> int:
    """One person, or two different ones above the four-eyes limit; a currency without a limit takes two."""
    limit = bundle.rules.refunds.four_eyes_limit.get(amount.currency)
    return 1 if limit is not None and amount.minor <= limit else 2


def may_decide(
    approver: str,
    role: str,
    given: Sequence[Approval],
    asked_by: str,
    bundle: Bundle,
    handled_by: Collection[str] = (),
) -> Verdict:
    """Judge whether this person may decide now.

    `asked_by` is whoever the refund is for, `handled_by` are people of the shop who had the conversation it came from:
    what somebody put forward, somebody else decides.
    """
    if role not in bundle.rules.refunds.approver_roles:
        outcome, rule = Outcome.DENY, "approval.role"
    elif approver == asked_by or any(earlier.approver == approver for earlier in given):
        outcome, rule = Outcome.DENY, "approval.four_eyes"
    elif approver in handled_by:
        outcome, rule = Outcome.DENY, "approval.handled_it"
    else:
        outcome, rule = Outcome.ALLOW, "approval.allowed"
    return Verdict(outcome=outcome, rule=rule, policy_version=bundle.version, numbers={"given": len(given)})
