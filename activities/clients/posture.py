"""What an HTTP outcome means for whoever asked: who has to react, and after how long."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from activities.errors import Changed, Malformed, OutsideError, Rejected, Unavailable, Unknown

# These fail before a byte of the request has left, so a write is safe to send again.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
PATIENCE = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})
BUSINESS = frozenset(
    {
        httpx.codes.NOT_FOUND,
        httpx.codes.CONFLICT,
        httpx.codes.UNPROCESSABLE_ENTITY,
        httpx.codes.PRECONDITION_REQUIRED,
    }
)
# A shop that asks for a day is mistaken more often than it is right; schedules bound the whole wait anyway.
LONGEST_WAIT = timedelta(hours=1)


def posture(
    outcome: httpx.Response | httpx.HTTPError, *, write: bool, now: datetime, who: str = "the shop"
) -> OutsideError | None:
    """Turn an answer of `who`, or its absence, into an error to raise; None means success.

    Messages name statuses and exception classes only: URLs and bodies hold personal data.
    """
    if isinstance(outcome, httpx.Response):
        return _of_answer(outcome, write=write, now=now, who=who)
    lost = f"{who} gave no answer: {type(outcome).__name__}"
    if isinstance(outcome, NEVER_SENT):
        return Unavailable(lost)
    if isinstance(outcome, httpx.UnsupportedProtocol):
        return Malformed(lost)
    if write:
        return Unknown(lost)
    return Unavailable(lost) if isinstance(outcome, httpx.TransportError) else Malformed(lost)


def _of_answer(answer: httpx.Response, *, write: bool, now: datetime, who: str) -> OutsideError | None:
    status, said = answer.status_code, f"{who} answered {answer.status_code}"
    if answer.is_success:
        return None
    if status in PATIENCE:
        return Unavailable(said, retry_after=patience(answer.headers.get("Retry-After", ""), now))
    if answer.is_server_error or status == httpx.codes.REQUEST_TIMEOUT:
        return Unknown(said) if write else Unavailable(said)
    if answer.is_redirect:
        # Following one would carry the token elsewhere; a 303 can also mean that the write was done.
        return Unknown(said) if write else Malformed(said)
    code = problem_code(answer)
    if status == httpx.codes.PRECONDITION_FAILED:
        return Changed(said, code or "version_stale")
    # A 404 without the shop's own code comes from a proxy or a wrong path; it says nothing about an order.
    if status in BUSINESS and code:
        return Rejected(f"{said} {code}", code)
    return Malformed(f"{said} {code}".rstrip())


def patience(retry_after: str, now: datetime) -> timedelta | None:
    """Read a Retry-After header, seconds or HTTP date; None when absent or unreadable."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        # Ten digits are far beyond the longest wait and still fit a timedelta.
        wait = timedelta(seconds=int(text[:10]))
    else:
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return None
        wait = until.replace(tzinfo=until.tzinfo or UTC) - now
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


def problem_code(answer: httpx.Response) -> str:
    """Read the stable `code` of a problem document; empty when there is none that looks like a code."""
    try:
        code = answer.json()["code"]
    except (ValueError, KeyError, TypeError):
        return ""
    return code if isinstance(code, str) and re.fullmatch(r"[a-z0-9_.-]{1,64}", code) else ""
