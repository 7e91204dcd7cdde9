"""Every error the API can answer, as RFC 9457 problem documents: one table, one exception, one renderer."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from temporalio.exceptions import ApplicationError, CancelledError, TerminatedError
from temporalio.exceptions import TimeoutError as TemporalTimeout

from workflows.messages import Refusal
from workflows.webhook_messages import NOT_DEAD

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger("api.problems")


class Kind(NamedTuple):
    status: int
    title: str


PROBLEMS: dict[str, Kind] = {
    # What a conversation or a refund refuses; the slug is the ApplicationError's type.
    Refusal.BLANK: Kind(422, "The message has no visible text"),
    Refusal.TOO_LONG: Kind(413, "The message is longer than 4,000 characters"),
    Refusal.CLOSED: Kind(409, "This conversation is closed; start another one"),
    Refusal.ANSWERED: Kind(409, "This message was answered before; its answer is in the transcript"),
    Refusal.NOT_YOURS: Kind(404, "There is no such conversation"),
    Refusal.BUSY: Kind(429, "Too many messages are waiting in this conversation"),
    Refusal.NO_OFFER: Kind(409, "No offer is open in this conversation"),
    Refusal.OFFER_CHANGED: Kind(409, "The offer changed since it was shown"),
    Refusal.OFFER_EXPIRED: Kind(410, "The offer has expired"),
    Refusal.OFFER_USED: Kind(409, "The offer was already answered"),
    Refusal.ALREADY_DECIDED: Kind(409, "This refund was already decided"),
    Refusal.APPROVAL_EXPIRED: Kind(410, "The time to approve this refund has passed"),
    Refusal.ROLE: Kind(403, "Your role may not do this"),
    Refusal.FOUR_EYES: Kind(403, "A second, different person must approve"),
    Refusal.CASE_TAKEN: Kind(409, "A colleague has this conversation"),
    Refusal.NOT_YOUR_CASE: Kind(403, "This conversation is not yours"),
    Refusal.TOO_FAR: Kind(422, "A snooze must end in the future, within a year"),
    Refusal.NOT_OVER: Kind(409, "This conversation is not over"),
    # What the door refuses before anything is carried.
    "token-missing": Kind(401, "A bearer token is required"),
    "token-expired": Kind(401, "The token has expired"),
    "token-invalid": Kind(401, "The token is not acceptable"),
    "foreign-request": Kind(403, "This did not come from a page of the console"),
    "rate-limited": Kind(429, "Too many requests"),
    "body-too-large": Kind(413, "The request body is larger than 64 kB"),
    "body-unreadable": Kind(400, "The request body is not valid UTF-8 JSON"),
    "request-invalid": Kind(422, "The request does not fit the contract"),
    "message-binary": Kind(422, "The text holds control characters"),
    "event-id-malformed": Kind(400, "The event id to resume from is not an offset of this conversation"),
    "route-not-found": Kind(404, "There is nothing at this address"),
    "method-not-allowed": Kind(405, "This address does not take that method"),
    "release-not-found": Kind(404, "There is no such release, or nobody ingested it"),
    "clause-not-found": Kind(404, "There is no such clause in your documents"),
    "release-refused": Kind(409, "That cannot be done with this release"),
    "knowledge-busy": Kind(409, "Somebody else is moving releases of this tenant; try again in a moment"),
    "file-too-large": Kind(413, "The file is larger than 20 MB"),
    "knowledge-unavailable": Kind(503, "The documents cannot be reached right now"),
    "photo-not-found": Kind(404, "There is no such picture, or it was deleted"),
    "photo-too-large": Kind(413, "The picture is larger than 8 MB, 40 megapixels as a JPEG or 16 as a PNG or WebP"),
    "photo-unreadable": Kind(422, "The file is no JPEG, PNG or WebP picture, or it is damaged"),
    "photos-too-many": Kind(409, "Ten pictures in a conversation, or twenty that wait for a message, are the most"),
    "photos-unavailable": Kind(503, "Pictures cannot be kept or shown right now"),
    "parcel-photo-not-found": Kind(404, "There is no such parcel, or no photo of its delivery"),
    "shop-unavailable": Kind(503, "The shop cannot be reached right now"),
    "webhook-not-found": Kind(404, "There is no such webhook"),
    "webhooks-too-many": Kind(409, "Your shop has twenty webhooks already; remove one first"),
    "delivery-not-found": Kind(404, "There is no such delivery"),
    NOT_DEAD: Kind(409, "This delivery cannot be replayed"),
    "pause-not-found": Kind(404, "That is not paused"),
    "approval-not-found": Kind(404, "There is no such refund"),
    "refund-under-way": Kind(409, "A refund of this customer is under way; erase after it has ended"),
    # What the API says of its own state.
    "still-working": Kind(504, "The answer is not ready; repeat the same message id to get it"),
    "temporal-unavailable": Kind(503, "Conversations cannot be reached right now"),
    "redis-unavailable": Kind(503, "The store cannot be reached right now"),
    "keys-unavailable": Kind(503, "Token keys cannot be fetched right now"),
    "not-ready": Kind(503, "A part this service stands on does not answer"),
    "internal": Kind(500, "Something broke on our side"),
}

RETRY_AFTER_SECONDS = {429: 2, 503: 2, 504: 1}
# Answers every authenticated route can give.
COMMON = (
    *("token-missing", "token-expired", "token-invalid", "rate-limited"),
    *("request-invalid", "temporal-unavailable", "internal"),
)

DOCUMENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem document; `type` ends with a stable slug.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:holdfast:problem:offer-expired"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Which parts of the request do not fit (only `request-invalid`).",
            "items": {
                "type": "object",
                "properties": {"where": {"type": "string"}, "why": {"type": "string"}},
            },
        },
        "checks": {"type": "object", "description": "State of each part (only `not-ready`)."},
    },
}


class Problem(HTTPException):
    """An answer that is not the wanted one; `slug` names a row of PROBLEMS, `more` are extension members."""

    def __init__(
        self, slug: str, detail: str = "", *, headers: Mapping[str, str] | None = None, **more: object
    ) -> None:
        status = PROBLEMS[slug].status
        wait = {"Retry-After": str(RETRY_AFTER_SECONDS[status])} if status in RETRY_AFTER_SECONDS else {}
        super().__init__(status, detail, headers={**wait, **(headers or {})})
        self.slug = slug
        self.more = more

    def document(self) -> dict[str, object]:
        return {**_sketch(self.slug), **({"detail": self.detail} if self.detail else {}), **self.more}

    def response(self) -> JSONResponse:
        return JSONResponse(self.document(), self.status_code, self.headers, MEDIA_TYPE)


def responses(*slugs: str) -> dict[int | str, dict[str, Any]]:
    """Describe the problems a route can answer for OpenAPI, one entry per status with an example per slug."""
    found: dict[int | str, dict[str, Any]] = {}
    for slug in (*COMMON, *slugs):
        kind = PROBLEMS[slug]
        empty = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
        entry = found.setdefault(kind.status, {"description": kind.title, "content": {MEDIA_TYPE: empty}})
        entry["content"][MEDIA_TYPE]["examples"][str(slug)] = {"value": _sketch(slug)}
    return found


def refusal_of(cause: BaseException | None) -> Problem | None:
    """Say which problem a workflow's refusal is; None for a failure nobody foresaw."""
    if isinstance(cause, (CancelledError, TerminatedError)):
        return Problem("release-refused", "The workflow was stopped by a person; start it again.")
    if isinstance(cause, TemporalTimeout):
        return Problem("knowledge-unavailable", "No knowledge worker did it in time.")
    if not isinstance(cause, ApplicationError) or cause.type is None:
        return None
    # The run ended between taking the update and answering it; the next run answers the same message id.
    if cause.type == "AcceptedUpdateCompletedWorkflow":
        return Problem("still-working")
    if cause.type == "Rejected":
        return Problem("release-refused", cause.message)
    if cause.type in ("Unavailable", "Malformed"):
        return Problem("knowledge-unavailable")
    if cause.type not in PROBLEMS:
        log.error("update.failed", type=cause.type)
        return None
    return Problem(cause.type, cause.message)


async def render(request: Request, error: Exception) -> JSONResponse:
    """Answer any exception FastAPI knows with a problem document."""
    match error:
        case Problem():
            return error.response()
        case RequestValidationError():
            return _invalid(error).response()
        case HTTPException(status_code=404):
            return Problem("route-not-found").response()
        case HTTPException(status_code=405):
            return Problem("method-not-allowed", headers=error.headers).response()
        case HTTPException(status_code=400):
            return Problem("body-unreadable").response()
        case _:
            return Problem("internal").response()


def _invalid(error: RequestValidationError) -> Problem:
    faults = error.errors()
    for fault in faults:
        if fault["type"] == "json_invalid":
            return Problem("body-unreadable")
        if fault["type"] in PROBLEMS:
            return Problem(fault["type"])
    # The offending value is left out: it may be personal, and problem documents end up in other people's logs.
    return Problem(
        "request-invalid", errors=[{"where": "/".join(map(str, fault["loc"])), "why": fault["msg"]} for fault in faults]
    )


def _sketch(slug: str) -> dict[str, object]:
    status, title = PROBLEMS[slug]
    return {"type": f"urn:holdfast:problem:{slug}", "title": title, "status": status}
