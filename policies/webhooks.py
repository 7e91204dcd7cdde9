"""Webhooks: which events a shop's own systems may hear, when a delivery is tried again, and where none may go.

The form is Standard Webhooks 1.0: https://github.com/standard-webhooks/standard-webhooks
"""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal

from policies.facts import RefundRecord, RefundStatus
from policies.frozen import Fact


class Told(StrEnum):
    """What a webhook can be about; TEST is sent on a person's wish and cannot be subscribed to."""

    STARTED = "conversation.started"
    HANDOFF = "handoff.requested"
    APPROVAL = "approval.waiting"
    REFUND_SETTLED = "refund.settled"
    CLOSED = "conversation.closed"
    FEEDBACK = "feedback.given"
    TEST = "webhook.test"


EVENTS = tuple(kind for kind in Told if kind is not Told.TEST)
BY_KIND = {kind.value: kind for kind in (Told.HANDOFF, Told.APPROVAL, Told.CLOSED, Told.FEEDBACK)}

# Waits of the specification's example schedule: ten attempts in 75.6 hours.
WAITS = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5)),
    *(timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24)),
)
# So that everything an endpoint missed during an outage does not come back in the same second.
JITTER = 0.2

SECRET_OVERLAP = timedelta(hours=24)
REPLAYABLE_FOR = timedelta(days=30)

Failure = Literal[
    "", "removed", "disabled", "no_secret", "bad_url", "refused_address", "unresolved",
    "unreachable", "tls", "timeout", "broken",
]  # fmt: skip
Outcome = Literal["delivered", "again", "gone", "stopped", "dropped"]


class ToldOf(Fact):
    """The `data` of a webhook: ids and facts, no word that a person wrote. Amounts are in minor units."""

    tenant: str
    conversation_id: str | None = None
    offset: int | None = None
    order_id: str | None = None
    refund_id: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    status: str | None = None
    reason_code: str | None = None
    rating: Literal["up", "down"] | None = None


class _Body(Fact):
    type: Told
    timestamp: datetime
    data: ToldOf


class LoggedReply(Fact):
    refund: RefundRecord | None = None


class Logged(Fact):
    """What webhooks need of one line of a conversation's log."""

    offset: int
    kind: str
    at: datetime
    text: str = ""
    reply: LoggedReply | None = None
    refund: RefundRecord | None = None


class Announcement(Fact):
    """One thing to tell; whoever comes to the same `once` again has nothing new to tell."""

    type: Told
    once: str
    payload: str


class Answered(Fact):
    """What came of one attempt: a status, or why there was none. `retry_after` in seconds, as the receiver asked."""

    status: int = 0
    error: Failure = ""
    retry_after: float | None = None
    took_ms: int = 0


def announcements(tenant: str, conversation_id: str, event: Logged) -> tuple[Announcement, ...]:
    """Say what an event gives to tell. A settled refund is told once, whichever event and conversation shows it."""
    place = ToldOf(tenant=tenant, conversation_id=conversation_id, offset=event.offset)
    here = f"{conversation_id}/{event.offset}"
    found = []
    if event.offset == 1:
        found.append(_announce(Told.STARTED, here, event.at, place))
    if kind := BY_KIND.get(event.kind):
        rating = _rating(event.text) if kind is Told.FEEDBACK else None
        found.append(_announce(kind, here, event.at, place.model_copy(update={"rating": rating})))
    refund = event.refund or (event.reply and event.reply.refund)
    if refund and refund.status is RefundStatus.SETTLED:
        paid = place.model_copy(
            update={
                "order_id": refund.order_id,
                "refund_id": refund.refund_id,
                "amount_minor": refund.amount.minor,
                "currency": refund.amount.currency,
                "status": refund.status.value,
                "reason_code": refund.reason_code.value,
            }
        )
        found.append(_announce(Told.REFUND_SETTLED, f"refund/{refund.refund_id}", event.at, paid))
    return tuple(found)


def payload(kind: Told, at: datetime, data: ToldOf) -> str:
    """Write the body that is signed and sent: it stays the same, byte for byte, in every attempt."""
    return _Body(type=kind, timestamp=at, data=data).model_dump_json(exclude_none=True)


def message_id(tenant: str, endpoint_id: str, announcement: Announcement) -> str:
    """Name a message so that telling the same thing to the same endpoint has the same name each time."""
    told = "\n".join((tenant, endpoint_id, announcement.type, announcement.once))
    return f"msg_{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def judge(answered: Answered) -> Outcome:
    """Say what an attempt means. A redirect is a failure as well: following it could lead anywhere."""
    if answered.error == "removed":
        return "dropped"
    if answered.error == "disabled":
        return "stopped"
    if answered.status == 410:
        return "gone"
    return "delivered" if 200 <= answered.status < 300 else "again"


def wait_after(attempt: int, chance: float, asked: float | None = None) -> timedelta | None:
    """Say how long to wait after the attempt of this number, from 1; None after the last. `chance` is in 0..1.

    What the receiver asked for lengthens a wait and shortens none.
    """
    if attempt > len(WAITS):
        return None
    wait = WAITS[attempt - 1] * (1 + JITTER * chance)
    return max(wait, timedelta(seconds=asked or 0))


# What IANA's registries of special addresses do not call globally reachable, and multicast; last, a cloud's own host
# agent behind an address that looks public.
REFUSED_V4 = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
            *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
        ),
    )
)
GLOBAL_V6 = IPv6Network("2000::/3")
REFUSED_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
NAT64 = IPv6Network("64:ff9b::/96")


def public(address: str) -> bool:
    """Say whether an IP address is one that anybody may be sent to; text that is no address is not."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None)
        if inner is None:
            return ip in GLOBAL_V6 and not any(ip in network for network in REFUSED_V6)
        ip = inner
    return not any(ip in network for network in REFUSED_V4)


def url_fault(scheme: str, host: str, has_login: bool, *, allow_private: bool) -> str | None:
    """Say why no webhook may be sent to such an address, None when one may; names are judged when they are resolved."""
    if scheme != "https" and not (allow_private and scheme == "http"):
        return "must begin with https://"
    if not host:
        return "has no host"
    if has_login:
        return "must not hold a user name or password; the signature says who is calling"
    literal = _literal(host)
    if literal and not allow_private and not public(literal):
        return "is not a public address"
    return None


def _literal(host: str) -> str | None:
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        return None


def _announce(kind: Told, once: str, at: datetime, data: ToldOf) -> Announcement:
    return Announcement(type=kind, once=once, payload=payload(kind, at, data))


def _rating(text: str) -> Literal["up", "down"]:
    return "up" if text.startswith("[thumbs up]") else "down"
