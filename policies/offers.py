"""An offer binds a customer's yes to exact arguments: one digest, one use, one deadline."""

import hashlib
import json
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from policies.addresses import PostalAddress
from policies.bundle import Bundle
from policies.facts import ReasonCode
from policies.frozen import Fact
from policies.refund_path import Step, verified
from policies.refunds import Cleared, Quote


class OfferKind(StrEnum):
    REFUND = "refund"
    RETURN = "return"
    CANCEL = "cancel"
    ADDRESS = "address"


class ReturnTerms(Fact):
    order_id: str
    order_version: int
    lines: tuple[tuple[str, int], ...]
    reason_code: ReasonCode
    send_back_by: datetime


class CancelTerms(Fact):
    order_id: str
    order_version: int


class AddressTerms(Fact):
    order_id: str
    order_version: int
    address: PostalAddress


class Offer(Fact):
    """What the customer is asked to confirm; exactly one of the terms is set, as `kind` says."""

    kind: OfferKind
    digest: str
    order_id: str
    text: str
    expires_at: datetime
    refund: Cleared | None = None
    trail: tuple[Step, ...] = ()
    returning: ReturnTerms | None = None
    cancel: CancelTerms | None = None
    address: AddressTerms | None = None


def digest(tenant: str, terms: Fact) -> str:
    """Fingerprint the terms: SHA-256 over canonical JSON of tenant, kind of terms and every field."""
    return _sha256({"tenant": tenant, "terms": type(terms).__name__, **terms.model_dump(mode="json")})


def claim(quote: Quote) -> str:
    """Name what is claimed back, whoever asks and whenever: the same lines after the same earlier refunds."""
    identity = {
        "lines": [line.model_dump(mode="json") for line in quote.lines],
        "amount": quote.amount.minor if not quote.lines else "all",
        "before": quote.refunded_before_minor,
    }
    return _sha256(identity)[:16]


def offer_refund(cleared: Cleared, text: str, now: datetime, bundle: Bundle) -> Offer:
    quote = cleared.quote
    return Offer(
        kind=OfferKind.REFUND,
        digest=digest(quote.tenant, quote),
        order_id=quote.order_id,
        text=text,
        expires_at=_deadline(now, bundle),
        refund=cleared,
        trail=verified((Step.QUOTED, Step.FRAUD_CHECKED, Step.OFFERED)),
    )


def offer_change(
    tenant: str, terms: ReturnTerms | CancelTerms | AddressTerms, text: str, now: datetime, bundle: Bundle
) -> Offer:
    kind = {
        ReturnTerms: OfferKind.RETURN,
        CancelTerms: OfferKind.CANCEL,
        AddressTerms: OfferKind.ADDRESS,
    }[type(terms)]
    return Offer(
        kind=kind,
        digest=digest(tenant, terms),
        order_id=terms.order_id,
        text=text,
        expires_at=_deadline(now, bundle),
        returning=terms if isinstance(terms, ReturnTerms) else None,
        cancel=terms if isinstance(terms, CancelTerms) else None,
        address=terms if isinstance(terms, AddressTerms) else None,
    )


def _deadline(now: datetime, bundle: Bundle) -> datetime:
    return now + timedelta(minutes=bundle.rules.refunds.offer_minutes)


def _sha256(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
