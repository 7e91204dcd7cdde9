"""The route by which people of the shop handle a conversation: claim it, answer, decide, hand back."""

from typing import Annotated, Any, get_args

from fastapi import APIRouter
from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from api.bodies import ConversationId, MessageId, Readable
from api.problems import responses
from api.wiring import Approver, PartsDep
from policies.frozen import Fact, Written
from workflows.messages import Refusal
from workflows.people import Act, DeskView

router = APIRouter(prefix="/v1/conversations/{conversation_id}", tags=["inbox"])

KINDS: dict[str, type[Fact]] = {act.model_fields["kind"].default: act for act in get_args(get_args(Act)[0])}
READABLE = TypeAdapter(Annotated[str, Readable])
HANDLING = (
    Refusal.ROLE,
    Refusal.NOT_YOURS,
    Refusal.CLOSED,
    Refusal.CASE_TAKEN,
    Refusal.NOT_YOUR_CASE,
    Refusal.NOT_OVER,
    Refusal.TOO_FAR,
    Refusal.BLANK,
)


def _check_text(text: Any) -> None:
    try:
        READABLE.validate_python(text if isinstance(text, str) else "")
    except ValidationError as error:
        raise PydanticCustomError("message-binary", "holds control characters") from error


def _known_fields(act: Any) -> Any:
    """Refuse a field that its kind of act does not have: what lies in history must ignore it, a door must not."""
    kind = KINDS.get(str(act.get("kind"))) if isinstance(act, dict) else None
    if isinstance(act, dict):
        for text in act.values():
            _check_text(text)
    if kind and (strange := sorted(set(act) - set(kind.model_fields))):
        raise PydanticCustomError("extra_forbidden", "has no field {field}", {"field": strange[0][:40]})
    return act


class ActIn(Written):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"act_id": "a-1", "act": {"kind": "tell", "text": "I have looked at it."}}]}
    )

    act_id: MessageId
    act: Annotated[Act, BeforeValidator(_known_fields)]


@router.post(
    "/acts",
    responses=responses(
        *HANDLING,
        Refusal.NOT_OVER,
        Refusal.BLANK,
        "message-binary",
        "body-too-large",
        "body-unreadable",
        "still-working",
    ),
)
async def act(conversation_id: ConversationId, body: ActIn, visitor: Approver, parts: PartsDep) -> DeskView:
    """Do one thing to a conversation as a person of the shop; a repeated act id is done once.

    From a claim to the hand-back the AI is silent; `tell` claims by itself where nobody has.
    """
    return await parts.line.act(visitor, conversation_id, body.act_id, body.act)
