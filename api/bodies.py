"""What clients may write: request bodies and path parameters, with the cheap checks that stand at the door."""

import unicodedata
from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import Path
from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from policies.frozen import Fact, Written
from policies.photos import MOST_IN_MESSAGE
from policies.wishes import Wish
from workflows.messages import ApprovalCard, Refusal, Transcript

TEXT_LIMIT = 4_000
# "." and ".." are no ids: in an address they lead elsewhere. Without look-ahead, which pydantic's patterns do not have.
ID = (
    r"(?:[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,63}"
    r"|\.[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,62}"
    r"|\.\.[A-Za-z0-9_.:-]{1,62})"
)
NAME = f"^{ID}$"
PHOTO_ID = r"^[0-9a-f]{32}$"


def _readable(text: str) -> str:
    # Control letters, and lone surrogates, which JSON can spell but UTF-8 cannot carry.
    if any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\r\t" for letter in text):
        raise PydanticCustomError("message-binary", "holds control characters")
    return text


def _visible(text: str) -> str:
    # Zero-width and other invisible letters (category C*) count as blank too.
    if all(unicodedata.category(letter)[0] in "CZ" for letter in text):
        raise PydanticCustomError(Refusal.BLANK.value, "has no visible text")
    return text


def _short(text: str) -> str:
    if len(text) > TEXT_LIMIT:
        raise PydanticCustomError(Refusal.TOO_LONG.value, "is too long")
    return text


Readable = AfterValidator(_readable)
MessageText = Annotated[str, AfterValidator(_short), Readable]
PhotoId = Annotated[str, Field(pattern=PHOTO_ID, description="As the upload answered it")]
MessageId = Annotated[
    str, Field(pattern=NAME, description="Chosen by the client; the same id is answered once, however often it is sent")
]
ConversationId = Annotated[str, Path(pattern=NAME, description="Chosen by the client that starts the conversation")]
Digest = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:-]{1,128}$", description="Digest of the offer as it was shown")]
RefundId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,512}$", description="As listed by GET /v1/approvals")]


class WishIn(Wish):
    """Budgets for the answer: a wish narrows what the shop allows, and widens nothing."""

    model_config = ConfigDict(extra="forbid")


class MessageIn(Written):
    """What a customer says; `text` may be blank where pictures are sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"message_id": "m-1", "text": "I want a refund on order #12345, it never arrived."}]
        }
    )

    message_id: MessageId
    text: MessageText
    wish: WishIn | None = None
    photos: tuple[PhotoId, ...] = Field(default=(), max_length=MOST_IN_MESSAGE)

    @model_validator(mode="after")
    def _say_something(self) -> Self:
        if not self.photos:
            _visible(self.text)
        if len(set(self.photos)) < len(self.photos):
            raise PydanticCustomError("photo-twice", "names a picture twice")
        return self


class AnswerIn(Written):
    model_config = ConfigDict(json_schema_extra={"examples": [{"message_id": "m-2"}]})

    message_id: MessageId


class EscalationIn(Written):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"message_id": "m-3", "reason": "I would rather talk to a person."}]}
    )

    message_id: MessageId
    reason: Annotated[str, Field(max_length=1_000), Readable] = ""


class FeedbackIn(Written):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"message_id": "m-4", "rating": "up", "comment": "Quick and clear."}]}
    )

    message_id: MessageId
    rating: Literal["up", "down"]
    comment: Annotated[str, Field(max_length=1_000), Readable] = ""


class DecisionIn(Written):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"decision_id": "d-1", "digest": "9f2c41d0", "reason": "Carrier confirmed the loss."}]
        }
    )

    decision_id: MessageId
    digest: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")
    reason: Annotated[str, Field(min_length=1, max_length=500), Readable, AfterValidator(_visible)]


class WaitingApproval(ApprovalCard):
    """A refund that waits for people; `refund_id` goes into the approve and deny addresses."""

    refund_id: str


class Export(Fact):
    """Everything held about one customer, as far as conversations know."""

    tenant: str
    customer_id: str
    exported_at: datetime
    conversations: tuple[Transcript, ...]


class Erased(Fact):
    """What an erasure removed; `runs` counts workflow runs, of which a long conversation has several."""

    conversations: int
    runs: int
    event_streams: int
