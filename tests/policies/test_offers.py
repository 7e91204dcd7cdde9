"""A yes is bound to exact terms, and one claim has one name."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policies.addresses import PostalAddress
from policies.facts import FraudBand, FraudFacts, Money, ReasonCode
from policies.offers import AddressTerms, CancelTerms, OfferKind, ReturnTerms, claim, digest, offer_change, offer_refund
from policies.refund_path import Step
from policies.refunds import Cleared, Quote, QuotedLine, clear, quote
from tests.fakes.orders import order
from tests.policies.shipped import NOW, STANDARD, bent

QUOTE = Quote(
    tenant="northwind",
    order_id="12345",
    order_version=3,
    lines=(QuotedLine(line_id="1", quantity=1),),
    amount=Money(minor=8999, currency="USD"),
    payment_id="PAY-1",
    method_label="Visa ending 4242",
    reason_code=ReasonCode.DELIVERY_DISPUTE,
    refunded_before_minor=0,
    policy_version="2026-11-01",
)
# Offers that customers hold while workers are replaced carry this digest; a new one would turn their yes down.
QUOTE_DIGEST = "a2e3e927983f436bfc6606b77b2e113972066293597fa92b028c9a8a879bf193"
OTHER = {
    "tenant": "kirana",
    "order_id": "12346",
    "order_version": 4,
    "lines": (QuotedLine(line_id="1", quantity=2),),
    "amount": Money(minor=9000, currency="USD"),
    "payment_id": "PAY-2",
    "method_label": "Visa ending 4343",
    "reason_code": ReasonCode.CUSTOMER_REQUEST,
    "refunded_before_minor": 1,
    "policy_version": "2026-11-02",
}
RETURN = ReturnTerms(
    order_id="1", order_version=1, lines=(("1", 1),), reason_code=ReasonCode.CUSTOMER_REQUEST, send_back_by=NOW
)
CANCEL = CancelTerms(order_id="1", order_version=1)
HOME = PostalAddress(line1="Main 1", city="Berlin", postal_code="10115", country="DE")
ADDRESS = AddressTerms(order_id="1", order_version=1, address=HOME)


def cleared_order(**bends: object) -> Cleared:
    facts = order(now=NOW, **bends)  # type: ignore[arg-type]  # callers name the fields
    offered = quote("northwind", facts, ReasonCode.DELIVERY_DISPUTE, None, NOW, STANDARD)
    assert isinstance(offered, Quote)
    return clear(offered, facts, "standard", FraudFacts(score=0, band=FraudBand.LOW), NOW, STANDARD)


@pytest.mark.parametrize(("field", "value"), OTHER.items(), ids=OTHER.keys())
def test_the_digest_changes_with_this_field(field: str, value: object) -> None:
    assert digest(QUOTE.tenant, QUOTE.model_copy(update={field: value})) != digest(QUOTE.tenant, QUOTE)


def test_no_field_of_a_quote_is_left_out_of_the_digest() -> None:
    assert OTHER.keys() == Quote.model_fields.keys()


def test_the_digest_changes_with_the_currency_alone() -> None:
    euros = QUOTE.model_copy(update={"amount": Money(minor=8999, currency="EUR")})
    assert digest("northwind", euros) != digest("northwind", QUOTE)


quotes = st.builds(
    lambda changes: QUOTE.model_copy(update=changes),
    st.fixed_dictionaries({}, optional={field: st.sampled_from([value]) for field, value in OTHER.items()}),
)


@given(quotes, quotes)
def test_two_quotes_share_a_digest_exactly_when_they_are_the_same(one: Quote, other: Quote) -> None:
    assert (digest(one.tenant, one) == digest(other.tenant, other)) is (one == other)


def test_the_digest_is_the_same_in_every_process() -> None:
    assert digest("northwind", QUOTE) == QUOTE_DIGEST


def test_the_digest_survives_a_way_through_history() -> None:
    assert digest("northwind", Quote.model_validate_json(QUOTE.model_dump_json())) == QUOTE_DIGEST


def test_terms_of_another_kind_or_tenant_have_another_digest() -> None:
    found = [digest(tenant, terms) for tenant in ("northwind", "kirana") for terms in (RETURN, CANCEL, ADDRESS)]
    assert len(set(found)) == len(found)


def test_two_conversations_with_the_same_facts_make_the_same_claim() -> None:
    ours, theirs = cleared_order().quote, cleared_order(version=9).quote
    assert digest("northwind", ours) != digest("northwind", theirs), "each customer's yes is bound to what they saw"
    assert claim(ours) == claim(theirs), "and yet the refund is one"


@pytest.mark.parametrize("field", ["reason_code", "policy_version", "payment_id", "method_label", "order_version"])
def test_a_claim_does_not_depend_on_how_it_is_argued(field: str) -> None:
    assert claim(QUOTE.model_copy(update={field: OTHER[field]})) == claim(QUOTE)


@pytest.mark.parametrize("field", ["lines", "refunded_before_minor"])
def test_other_lines_or_an_earlier_refund_make_another_claim(field: str) -> None:
    assert claim(QUOTE.model_copy(update={field: OTHER[field]})) != claim(QUOTE)


def test_a_part_without_lines_is_claimed_by_its_amount() -> None:
    ten, twenty = (QUOTE.model_copy(update={"lines": (), "amount": Money(minor=m, currency="USD")}) for m in (10, 20))
    assert len({claim(ten), claim(twenty), claim(QUOTE)}) == 3


def test_a_refund_offer_carries_its_check_its_trail_and_its_deadline() -> None:
    cleared = cleared_order()
    offer = offer_refund(cleared, "Shall I?", NOW, STANDARD)
    assert offer.kind is OfferKind.REFUND
    assert offer.refund == cleared
    assert offer.trail == (Step.QUOTED, Step.FRAUD_CHECKED, Step.OFFERED)
    assert offer.digest == digest("northwind", cleared.quote)
    assert offer.expires_at == NOW + timedelta(minutes=15)


def test_the_deadline_is_the_policys() -> None:
    offer = offer_refund(cleared_order(), "Shall I?", NOW, bent("refunds", offer_minutes=5))
    assert offer.expires_at == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("terms", "kind", "field"),
    [
        pytest.param(RETURN, OfferKind.RETURN, "returning", id="return"),
        pytest.param(CANCEL, OfferKind.CANCEL, "cancel", id="cancel"),
        pytest.param(ADDRESS, OfferKind.ADDRESS, "address", id="address"),
    ],
)
def test_an_offer_of_a_change_holds_exactly_its_own_terms(
    terms: ReturnTerms | CancelTerms | AddressTerms, kind: OfferKind, field: str
) -> None:
    offer = offer_change("northwind", terms, "Shall I?", NOW, STANDARD)
    assert (offer.kind, offer.digest) == (kind, digest("northwind", terms))
    held = {name: getattr(offer, name) for name in ("refund", "returning", "cancel", "address")}
    assert {name for name, value in held.items() if value} == {field}
    assert held[field] == terms


def test_an_offer_cannot_be_altered() -> None:
    offer = offer_refund(cleared_order(), "Shall I?", NOW, STANDARD)
    with pytest.raises(ValidationError):
        offer.expires_at = datetime(2030, 1, 1, tzinfo=UTC)  # type: ignore[misc]  # that is the point


def test_a_claim_fits_into_a_workflow_id() -> None:
    assert len(claim(QUOTE)) == 16
    assert len(digest("northwind", QUOTE)) == hashlib.sha256().digest_size * 2
