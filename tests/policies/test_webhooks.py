"""What webhooks tell, how often they are tried, and where none may go."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.facts import Money, ReasonCode, RefundRecord, RefundStatus
from policies.webhooks import (
    EVENTS,
    JITTER,
    WAITS,
    Announcement,
    Answered,
    Logged,
    Told,
    announcements,
    judge,
    message_id,
    public,
    url_fault,
    wait_after,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PERSONAL = "Ann Lee, ann@example.com, Visa ending 4242"


def refund(status: RefundStatus = RefundStatus.SETTLED) -> RefundRecord:
    return RefundRecord(
        refund_id="R-1",
        order_id="12345",
        status=status,
        amount=Money(minor=8999, currency="USD"),
        method_label=PERSONAL,
        reason_code=ReasonCode.DELIVERY_FAILED,
        idempotency_key="k",
        created_at=NOW,
        failure=PERSONAL,
    )


def told(kind: str, offset: int = 4, **event: Any) -> list[tuple[str, dict[str, Any]]]:
    """What an event gives to tell: type and data."""
    logged = Logged.model_validate({"offset": offset, "kind": kind, "at": NOW, "text": PERSONAL, **event})
    bodies = [json.loads(each.payload) for each in announcements("acme", "c-1", logged)]
    assert all(body.keys() == {"type", "timestamp", "data"} for body in bodies)
    assert all(body["timestamp"] == "2026-11-21T12:00:00Z" for body in bodies)
    return [(body["type"], body["data"]) for body in bodies]


HERE = {"tenant": "acme", "conversation_id": "c-1", "offset": 4}
PAID = {
    **HERE,
    "order_id": "12345",
    "refund_id": "R-1",
    "amount_minor": 8999,
    "currency": "USD",
    "status": "settled",
    "reason_code": "DELIVERY_FAILED",
}

GIVES: dict[str, tuple[list[tuple[str, dict[str, Any]]], list[tuple[str, dict[str, Any]]]]] = {
    "the first event": (told("message.customer", 1), [("conversation.started", {**HERE, "offset": 1})]),
    "another message": (told("message.customer"), []),
    "a reply": (told("message.assistant", reply={"refund": None}), []),
    "a hand-over": (told("handoff.requested"), [("handoff.requested", HERE)]),
    "a hand-over at once": (
        told("handoff.requested", 1),
        [("conversation.started", {**HERE, "offset": 1}), ("handoff.requested", {**HERE, "offset": 1})],
    ),
    "an approval": (told("approval.waiting"), [("approval.waiting", HERE)]),
    "a claim": (told("handoff.claimed"), []),
    "a person's words": (told("message.person", by="Sue"), []),
    "an end": (told("conversation.closed"), [("conversation.closed", HERE)]),
    "thumbs up": (
        told("feedback.given", text=f"[thumbs up] {PERSONAL}"),
        [("feedback.given", {**HERE, "rating": "up"})],
    ),
    "thumbs down": (told("feedback.given", text="[thumbs down]"), [("feedback.given", {**HERE, "rating": "down"})]),
    "settled later": (told("refund.updated", refund=refund()), [("refund.settled", PAID)]),
    "settled at once": (told("message.assistant", reply={"refund": refund()}), [("refund.settled", PAID)]),
    "not settled yet": (told("refund.updated", refund=refund(RefundStatus.APPROVED)), []),
    "failed": (told("message.assistant", reply={"refund": refund(RefundStatus.FAILED)}), []),
}


@pytest.mark.parametrize(("given", "expected"), GIVES.values(), ids=GIVES)
def test_an_event_gives_ids_and_facts_to_tell(given: list[Any], expected: list[Any]) -> None:
    assert given == expected


def test_no_word_of_a_person_is_told() -> None:
    for kind in ("message.customer", "message.person", "handoff.requested", "feedback.given", "conversation.closed"):
        spoken = json.dumps(told(kind, 1, by=PERSONAL, refund=refund(), reply={"refund": refund(), "text": PERSONAL}))
        assert not [word for word in PERSONAL.split() if word.strip(",") in spoken]


def test_every_event_that_can_be_subscribed_to_is_told_by_something() -> None:
    assert {kind for _, expected in GIVES.values() for kind, _ in expected} == set(EVENTS)


def named(offset: int, conversation: str = "c-1", tenant: str = "acme", endpoint: str = "we_1") -> set[str]:
    event = Logged(offset=offset, kind="refund.updated", at=NOW, refund=refund())
    return {message_id(tenant, endpoint, each) for each in announcements(tenant, conversation, event)}


def test_a_refund_has_one_message_whichever_event_of_whichever_conversation_tells_it() -> None:
    assert named(4) == named(9) == named(4, "c-2")
    assert len(named(4)) == 1
    assert named(4).isdisjoint(named(4, tenant="other") | named(4, endpoint="we_2"))


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.text(max_size=8)), unique=True, max_size=8))
def test_other_things_have_other_messages(things: list[tuple[Told, str]]) -> None:
    made = [Announcement(type=kind, once=once, payload="{}") for kind, once in things]
    names = [message_id("acme", "we_1", each) for each in made]
    assert len(set(names)) == len(things)
    assert all(len(name) == 36 and name.startswith("msg_") for name in names)
    assert names == [message_id("acme", "we_1", each) for each in made]


# -- trying again --------------------------------------------------------------------------------------------------

OUTCOMES = {
    **dict.fromkeys((200, 201, 204, 299), "delivered"),
    **dict.fromkeys((301, 302, 307, 400, 401, 404, 408, 409, 422, 429, 500, 502, 503, 504, 599, 100), "again"),
    410: "gone",
}


@pytest.mark.parametrize(("status", "outcome"), OUTCOMES.items())
def test_only_success_ends_a_delivery_and_only_gone_ends_an_endpoint(status: int, outcome: str) -> None:
    assert judge(Answered(status=status)) == outcome


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("removed", "dropped"),
        ("disabled", "stopped"),
        *((error, "again") for error in ("no_secret", "bad_url", "refused_address", "unresolved", "unreachable")),
        *((error, "again") for error in ("tls", "timeout", "broken")),
    ],
)
def test_no_answer_is_tried_again_unless_nobody_is_to_be_told(error: Any, outcome: str) -> None:
    assert judge(Answered(error=error)) == outcome


def test_ten_attempts_take_three_days() -> None:
    waits = [wait_after(attempt, 0) for attempt in range(1, 12)]
    assert waits[:2] == [timedelta(seconds=5), timedelta(minutes=5)]
    assert waits[9:] == [None, None]
    assert sum(WAITS, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


@given(st.integers(1, len(WAITS)), st.floats(0, 1), st.none() | st.floats(0, 10**6))
def test_a_wait_is_the_schedules_a_little_longer_or_what_was_asked(
    attempt: int, chance: float, asked: float | None
) -> None:
    wait, planned = wait_after(attempt, chance, asked), WAITS[attempt - 1]
    assert wait is not None
    assert max(planned, timedelta(seconds=asked or 0)) <= wait
    assert wait <= max(planned * (1 + JITTER), timedelta(seconds=asked or 0))


# -- addresses -----------------------------------------------------------------------------------------------------

PUBLIC = (
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255"),
    *("172.32.0.0", "192.167.255.255", "192.169.0.0", "169.253.255.255", "169.255.0.0", "223.255.255.255"),
    *("2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"),
)
REFUSED = (
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1"),
    *("172.31.255.255", "192.168.0.1", "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200"),
    *("192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
    *("2001::7f00:1", "2002:7f00:1::", "3fff::1", "5f00::1", "100::1", "64:ff9b:1::1", "::127.0.0.1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "1.1.1.1 ", "８.8.8.8"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_called(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize("address", REFUSED)
def test_any_other_address_may_not(address: str) -> None:
    assert not public(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_all_its_forms(address: Any) -> None:
    assert public(str(address)) is public(f"::ffff:{address}") is public(f"64:ff9b::{address}")


@pytest.mark.parametrize(
    ("scheme", "host", "login", "private", "why"),
    [
        ("https", "shop.example", False, False, None),
        ("https", "8.8.8.8", False, False, None),
        ("http", "shop.example", False, False, "https"),
        ("ftp", "shop.example", False, True, "https"),
        ("http", "localhost", False, True, None),
        ("https", "", False, False, "no host"),
        ("https", "shop.example", True, False, "password"),
        ("https", "127.0.0.1", False, False, "not a public"),
        ("https", "[::1]", False, False, "not a public"),
        ("https", "[::1]", False, True, None),
    ],
)
def test_an_address_is_refused_in_words(scheme: str, host: str, login: bool, private: bool, why: str | None) -> None:
    fault = url_fault(scheme, host, login, allow_private=private)
    assert fault is None if why is None else why in (fault or "")
