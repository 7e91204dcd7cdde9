"""What a refund workflow is started with, and the proof it has to bring."""

from temporalio.exceptions import ApplicationError

from activities.ports import Caller
from policies.frozen import Fact
from policies.offers import Offer, digest
from policies.refund_path import Forbidden, Step, verified
from policies.refunds import Cleared


class RefundClaim(Fact):
    """A confirmed offer on its way to the money; the trail shows the steps it has already gone.

    `handled_by` are people of the shop who had the conversation before the customer confirmed.
    """

    caller: Caller
    customer_ref: str
    conversation_id: str
    offer: Offer
    trail: tuple[Step, ...]
    policy_version: str
    language: str
    handled_by: tuple[str, ...] = ()


def proven(claim: RefundClaim) -> Cleared:
    """Return what was confirmed; raises ApplicationError unless the trail and the digest prove that it was."""
    cleared, tenant = claim.offer.refund, claim.caller.tenant
    if cleared is None:
        raise _unproven("a refund needs a refund offer")
    if (cleared.quote.tenant, cleared.quote.order_id) != (tenant, claim.offer.order_id):
        raise _unproven("the quote is about another tenant's order, or another order")
    if digest(tenant, cleared.quote) != claim.offer.digest:
        raise _unproven("the digest that was confirmed is not this quote's")
    try:
        walked = verified(claim.trail)
    except Forbidden as gap:
        raise _unproven(str(gap)) from gap
    if walked[-1:] != (Step.CONFIRMED,):
        raise _unproven("the customer has not confirmed it")
    return cleared


def _unproven(why: str) -> ApplicationError:
    # An ordinary exception would only fail the workflow task, again and again, with the customer waiting.
    return ApplicationError(why, type="Unproven", non_retryable=True)
