"""Routes of pictures customers send, of the damage say, and what carries them with a message."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from activities.clients.photo_files import KeptPhoto
from activities.errors import OutsideError, Rejected, Unavailable
from api.auth import Role, Visitor
from api.bodies import PHOTO_ID, ConversationId
from api.problems import Problem, responses
from api.wiring import AnyVisitor, Customer, Parts, PartsDep
from workflows.messages import Photo, Refusal

router = APIRouter(prefix="/v1/conversations/{conversation_id}/photos", tags=["conversations"])

PhotoId = Annotated[str, Path(pattern=PHOTO_ID, description="As the upload answered it")]
# Whatever a picture may turn out to be, a browser takes it for nothing else, runs nothing in it and keeps no copy.
SHOWN = {
    "Cache-Control": "private, no-store",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
UPLOAD = {
    "required": True,
    "content": {kind: {"schema": {"type": "string"}} for kind in ("image/jpeg", "image/png", "image/webp")},
}
SLUGS = {"too_large": "photo-too-large", "unreadable": "photo-unreadable", "too_many": "photos-too-many"}
BEYOND_EVERY_EVENT = 2**31 - 1


class Picture(Response):
    media_type = "image/jpeg"


@router.post(
    "",
    responses=responses(Refusal.ROLE, Refusal.NOT_YOURS, *SLUGS.values(), "photos-unavailable"),
    openapi_extra={"requestBody": UPLOAD},
)
async def upload(conversation_id: ConversationId, request: Request, visitor: Customer, parts: PartsDep) -> Photo:
    """Upload a picture, its bytes as the body, to send with a message of a conversation, the first one too.

    What counts is what the bytes are: JPEG, PNG or WebP, at most 8 MiB, and 40 megapixels as a JPEG or 16 as a
    PNG or WebP. It is drawn anew as a JPEG with no side above 2,000 pixels; place, camera and all else beside the
    pixels is gone. Name its `photo_id` in a message within a day, or it is deleted. A customer uploads at most 20 an
    hour, refused ones too, and has at most 20 waiting for their message.
    """
    await _refuse_anothers(parts, visitor, conversation_id)
    await parts.rates.take_photo(visitor)
    with store():
        kept = await parts.photos.put(visitor.tenant, conversation_id, visitor.subject, request.stream())
    return _told(kept)


@router.get("/{photo_id}", response_class=Picture, responses=responses("photo-not-found", "photos-unavailable"))
async def show(conversation_id: ConversationId, photo_id: PhotoId, visitor: AnyVisitor, parts: PartsDep) -> Response:
    """Show a picture to who sent it, and to staff."""
    with store():
        kept = await parts.photos.find(visitor.tenant, conversation_id, photo_id)
        if not visitor.may_read(kept.sent_by):
            raise Problem("photo-not-found")
        return shown(await parts.photos.read(visitor.tenant, conversation_id, photo_id), kept.media_type)


def shown(content: bytes, media_type: str) -> Response:
    """Answer with a picture that a browser may only look at."""
    return Picture(content, media_type=media_type, headers=SHOWN)


@asynccontextmanager
async def carried(
    parts: Parts, visitor: Visitor, conversation_id: str, ids: Sequence[str]
) -> AsyncIterator[tuple[Photo, ...]]:
    """Give the pictures a message names while it is sent; where it is refused they were not sent."""
    with store():
        found = await parts.photos.send(visitor.tenant, conversation_id, visitor.subject, ids)
    try:
        yield tuple(_told(each) for each in found)
    except Problem as problem:
        if problem.status_code < 500:
            # Where even that fails they are kept too long, which is no answer to a customer.
            with suppress(OutsideError):
                await parts.photos.put_back(visitor.tenant, conversation_id, found)
        raise


@contextmanager
def store() -> Iterator[None]:
    """Turn what the store raises into problems."""
    try:
        yield
    except Rejected as refusal:
        raise Problem(SLUGS.get(refusal.reason, "photo-not-found"), refusal.message) from None
    except Unavailable:
        raise Problem("photos-unavailable") from None


async def _refuse_anothers(parts: Parts, visitor: Visitor, conversation_id: str) -> None:
    # To a customer somebody else's conversation looks like none at all; only none at all may get a picture.
    as_staff = visitor.model_copy(update={"role": Role.AGENT})
    try:
        transcript = await parts.line.transcript(as_staff, conversation_id, after=BEYOND_EVERY_EVENT)
    except Problem as problem:
        if problem.slug == Refusal.NOT_YOURS:
            return
        raise
    if not visitor.may_read(transcript.customer_id):
        raise Problem(Refusal.NOT_YOURS)


def _told(kept: KeptPhoto) -> Photo:
    return Photo(**vars(kept))
