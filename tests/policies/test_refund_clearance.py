"""A quote after its fraud check: at once, or with people."""

import pytest

from policies.bundle import Bundle
from policies.facts import FraudBand, FraudFacts, Money, ReasonCode
from policies.refunds import Cleared, Quote, clear, quote
from policies.verdict import Outcome
from tests.fakes.orders import order
from tests.policies.shipped import NOW, STANDARD, bent

SCORES = {FraudBand.LOW: 0.03, FraudBand.MEDIUM: 0.4, FraudBand.HIGH: 0.9}


def cleared(
    *,
    band: str = "low",
    tier: str = "standard",
    delivered_days_ago: int = 2,
    minor: int = 8999,
    currency: str = "USD",
    bundle: Bundle = STANDARD,
) -> Cleared:
    facts = order(now=NOW, total_minor=minor, currency=currency, delivered_days_ago=delivered_days_ago, age_days=90)
    offered = quote("northwind", facts, ReasonCode.DELIVERY_DISPUTE, None, NOW, bundle)
    assert isinstance(offered, Quote)
    fraud = FraudFacts(score=SCORES[FraudBand(band)], band=FraudBand(band), reasons=("a reason",))
    return clear(offered, facts, tier, fraud, NOW, bundle)


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        pytest.param({}, "refund.within_limits", id="small, recent, no risk"),
        pytest.param({"band": "medium"}, "refund.fraud_medium", id="medium risk"),
        pytest.param({"band": "high"}, "refund.fraud_high", id="high risk"),
        pytest.param({"delivered_days_ago": 30}, "refund.within_limits", id="day 30"),
        pytest.param({"delivered_days_ago": 31}, "refund.window_closed", id="day 31"),
        pytest.param({"delivered_days_ago": 60, "tier": "gold"}, "refund.within_limits", id="gold on day 60"),
        pytest.param({"delivered_days_ago": 61, "tier": "gold"}, "refund.window_closed", id="gold on day 61"),
        pytest.param({"delivered_days_ago": 31, "tier": "platinum"}, "refund.window_closed", id="unknown tier"),
        pytest.param({"minor": 15000}, "refund.within_limits", id="exactly the limit"),
        pytest.param({"minor": 15001}, "refund.above_auto_limit", id="a cent above"),
        pytest.param({"minor": 20000, "currency": "JPY"}, "refund.within_limits", id="yen have their own limit"),
        pytest.param({"minor": 20001, "currency": "JPY"}, "refund.above_auto_limit", id="a yen above"),
        pytest.param({"minor": 1, "currency": "CHF"}, "refund.currency_without_limit", id="currency without limit"),
        pytest.param({"minor": 15001, "band": "high"}, "refund.fraud_high", id="risk is named before the amount"),
    ],
)
def test_a_quote_is_cleared_by_its_rule(given: dict[str, object], rule: str) -> None:
    verdict = cleared(**given).verdict  # type: ignore[arg-type]  # the table names the fields
    assert verdict.rule == rule
    assert verdict.outcome is (Outcome.ALLOW if rule == "refund.within_limits" else Outcome.ASK_HUMAN)
    assert verdict.policy_version == STANDARD.version


def test_the_verdict_shows_the_numbers_it_looked_at() -> None:
    assert cleared().verdict.numbers == {
        "amount": 8999,
        "currency": "USD",
        "limit": 15000,
        "age_days": 2,
        "window_days": 30,
        "fraud_score": 0.03,
    }


def test_a_tenant_decides_which_bands_need_people() -> None:
    trusting = bent("refunds", bands_for_people=(FraudBand.HIGH,))
    assert cleared(band="medium", bundle=trusting).verdict.allowed
    assert not cleared(band="high", bundle=trusting).verdict.allowed


def test_without_a_delivery_the_window_counts_from_the_order() -> None:
    lost = order(now=NOW, status="in_transit", age_days=31)
    parcel = lost.shipments[0].model_copy(update={"eta": None})
    facts = lost.model_copy(update={"shipments": (parcel,)})
    offered = quote("northwind", facts, ReasonCode.DELIVERY_FAILED, None, NOW, STANDARD)
    assert isinstance(offered, Quote)
    fraud = FraudFacts(score=0, band=FraudBand.LOW)
    assert clear(offered, facts, "standard", fraud, NOW, STANDARD).verdict.rule == "refund.window_closed"


def test_clearing_changes_nothing_of_the_quote() -> None:
    assert cleared().quote.amount == Money(minor=8999, currency="USD")
    assert cleared().fraud.reasons == ("a reason",)
