"""One table says what every outcome of an HTTP call means, for reads and for writes."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from activities.clients.posture import LONGEST_WAIT, patience, posture
from activities.errors import Changed, Malformed, OutsideError, Rejected, Unavailable, Unknown

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "jane@example.com"

Kind = type[OutsideError] | None


def problem(status: int, code: object = None, **headers: str) -> httpx.Response:
    body = {"title": "no", "status": status, "detail": f"about {SECRET}"} | ({"code": code} if code else {})
    return httpx.Response(status, json=body, headers=headers)


OUTCOMES: list[tuple[str, httpx.Response | httpx.HTTPError, Kind, Kind]] = [
    # name, outcome, on a read, on a write
    ("done", httpx.Response(200), None, None),
    ("created", httpx.Response(201), None, None),
    ("connection refused", httpx.ConnectError(SECRET), Unavailable, Unavailable),
    ("connection timed out", httpx.ConnectTimeout(SECRET), Unavailable, Unavailable),
    ("no free connection", httpx.PoolTimeout(SECRET), Unavailable, Unavailable),
    ("answer timed out", httpx.ReadTimeout(SECRET), Unavailable, Unknown),
    ("sending timed out", httpx.WriteTimeout(SECRET), Unavailable, Unknown),
    ("connection dropped", httpx.ReadError(SECRET), Unavailable, Unknown),
    ("dropped while sending", httpx.WriteError(SECRET), Unavailable, Unknown),
    ("closed without an answer", httpx.RemoteProtocolError(SECRET), Unavailable, Unknown),
    ("address is no HTTP address", httpx.UnsupportedProtocol(SECRET), Malformed, Malformed),
    ("answer cannot be unpacked", httpx.DecodingError(SECRET), Malformed, Unknown),
    ("too many requests", problem(429), Unavailable, Unavailable),
    ("out of service", problem(503), Unavailable, Unavailable),
    ("broken", problem(500), Unavailable, Unknown),
    ("bad gateway", problem(502), Unavailable, Unknown),
    ("gateway timed out", problem(504), Unavailable, Unknown),
    ("request timed out", problem(408), Unavailable, Unknown),
    ("moved", httpx.Response(307, headers={"Location": "https://elsewhere.test"}), Malformed, Unknown),
    ("see other", httpx.Response(303, headers={"Location": "https://elsewhere.test"}), Malformed, Unknown),
    ("stale version", problem(412, "version_stale"), Changed, Changed),
    ("absent", problem(404, "order_absent"), Rejected, Rejected),
    ("conflict", problem(409, "order_not_cancellable"), Rejected, Rejected),
    ("refused", problem(422, "amount_above_refundable"), Rejected, Rejected),
    ("no version", problem(428, "version_missing"), Rejected, Rejected),
    ("absent, by somebody who is not the shop", problem(404), Malformed, Malformed),
    ("absent, in HTML", httpx.Response(404, html="<h1>nginx</h1>"), Malformed, Malformed),
    ("refused with a code that is none", problem(422, f"Dear {SECRET}"), Malformed, Malformed),
    ("refused with a number for a code", problem(422, 7), Malformed, Malformed),
    ("our token is wrong", problem(401, "token_wrong"), Malformed, Malformed),
    ("our request is wrong", problem(400, "idempotency_key_missing"), Malformed, Malformed),
]


@pytest.mark.parametrize(("outcome", "read", "write"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES])
def test_an_outcome_has_one_posture(outcome: httpx.Response | httpx.HTTPError, read: Kind, write: Kind) -> None:
    for is_write, expected in ((False, read), (True, write)):
        found = posture(outcome, write=is_write, now=NOW)
        assert (type(found) if found else None) is expected
        assert SECRET not in str(found)


def test_a_refusal_carries_the_shops_code() -> None:
    found = posture(problem(422, "currency_mismatch"), write=True, now=NOW)
    assert isinstance(found, Rejected)
    assert (found.reason, found.details) == ("currency_mismatch", ("currency_mismatch",))


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("0", timedelta(0)),
        ("7", timedelta(seconds=7)),
        (" 7 ", timedelta(seconds=7)),
        ("Sat, 21 Nov 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Sat, 21 Nov 2026 12:00:30", timedelta(seconds=30)),
        ("99999999999999999999", LONGEST_WAIT),
        ("Sat, 21 Nov 2099 12:00:00 GMT", LONGEST_WAIT),
        ("-3", None),
        ("soon", None),
        ("²", None),
        ("", None),
    ],
)
def test_retry_after_is_honoured(header: str, wait: timedelta | None) -> None:
    assert patience(header, NOW) == wait


@pytest.mark.parametrize("status", [429, 503])
def test_patience_reaches_temporal(status: int) -> None:
    found = posture(httpx.Response(status, headers={"Retry-After": "4"}), write=True, now=NOW)
    assert found is not None
    assert (found.next_retry_delay, found.non_retryable) == (timedelta(seconds=4), False)
