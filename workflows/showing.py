"""What operators see of a conversation in the Temporal UI: search attributes and a page, no personal data."""

from policies import wording
from workflows import case_file
from workflows.case_file import CaseFile
from workflows.talk import Talk


def show(case: CaseFile, talk: Talk) -> None:
    """Bring what operators see up to date."""
    quote = talk.offer.refund.quote if talk.offer and talk.offer.refund else None
    case.show(
        {
            case_file.INTENT: talk.intent or "none",
            case_file.STAGE: talk.stage,
            case_file.OWNER: talk.owner,
            case_file.NEEDS_HUMAN: talk.owner == "person",
            case_file.POLICY_VERSION: talk.policy_version,
            **({case_file.REFUND_CENTS: quote.amount.minor} if quote else {}),
        }
    )
    case_file.page(
        f"Conversation {talk.opening.conversation_id}: {talk.stage}",
        {
            "Tenant": talk.opening.tenant,
            "Order": talk.focus or "-",
            "Intent": talk.intent or "-",
            "Owner": talk.owner,
            "Offer open until": wording.instant(talk.offer.expires_at, "en") if talk.offer else "-",
            "Refunds under way": ", ".join(debt.refund_workflow_id for debt in talk.owed) or "-",
            "Policy": talk.policy_version,
            "Turns": talk.turn,
        },
        list(talk.notes[-20:]),
    )
