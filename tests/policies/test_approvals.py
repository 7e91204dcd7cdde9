"""Who may say yes to a refund, and how many have to."""

import pytest

from policies.approvals import Approval, approvals_needed, may_decide
from policies.facts import Money
from policies.verdict import Outcome
from tests.policies.shipped import BUNDLES, STANDARD, bent


def yes_of(approver: str) -> Approval:
    return Approval(decision_id=f"by {approver}", approver=approver, role="agent", approve=True, reason="checked")


@pytest.mark.parametrize(
    ("minor", "currency", "needed"),
    [
        pytest.param(1, "USD", 1, id="one cent"),
        pytest.param(100_000, "USD", 1, id="exactly the limit"),
        pytest.param(100_001, "USD", 2, id="a cent above"),
        pytest.param(150_000, "JPY", 1, id="exactly the limit in yen"),
        pytest.param(150_001, "JPY", 2, id="a yen above"),
        pytest.param(1, "CHF", 2, id="a currency without limit"),
    ],
)
def test_above_a_second_limit_it_takes_two(minor: int, currency: str, needed: int) -> None:
    assert approvals_needed(Money(minor=minor, currency=currency), STANDARD) == needed


def test_a_tenant_has_its_own_second_limit() -> None:
    assert approvals_needed(Money(minor=75_001, currency="EUR"), BUNDLES["alpenpost"]) == 2
    assert approvals_needed(Money(minor=75_001, currency="EUR"), STANDARD) == 1


@pytest.mark.parametrize(
    ("approver", "role", "given", "rule"),
    [
        pytest.param("ann", "agent", (), "approval.allowed", id="an agent"),
        pytest.param("ann", "supervisor", (), "approval.allowed", id="a supervisor"),
        pytest.param("bob", "agent", ("ann",), "approval.allowed", id="a second person"),
        pytest.param("ann", "agent", ("ann",), "approval.four_eyes", id="the same person again"),
        pytest.param("ann", "supervisor", ("bob", "ann"), "approval.four_eyes", id="again, in another role"),
        pytest.param("U789", "agent", (), "approval.four_eyes", id="whoever the refund is for"),
        pytest.param("ann", "customer", (), "approval.role", id="a customer"),
        pytest.param("ann", "ops", (), "approval.role", id="operations"),
        pytest.param("ann", "", (), "approval.role", id="nobody in particular"),
        pytest.param("ann", "Agent", (), "approval.role", id="a role spelt otherwise"),
    ],
)
def test_a_person_may_decide_by_role_and_once(approver: str, role: str, given: tuple[str, ...], rule: str) -> None:
    verdict = may_decide(approver, role, [yes_of(name) for name in given], "U789", STANDARD)
    assert verdict.rule == rule
    assert verdict.outcome is (Outcome.ALLOW if rule == "approval.allowed" else Outcome.DENY)
    assert (verdict.policy_version, verdict.numbers) == (STANDARD.version, {"given": len(given)})


def test_whoever_had_the_conversation_does_not_decide_on_the_refund_it_led_to() -> None:
    for role in ("agent", "supervisor"):
        verdict = may_decide("ann", role, (), "U789", STANDARD, handled_by=("ann", "cleo"))
        assert (verdict.outcome, verdict.rule) == (Outcome.DENY, "approval.handled_it")
    assert may_decide("bob", "agent", (), "U789", STANDARD, handled_by=("ann", "cleo")).allowed


def test_a_tenant_names_the_roles() -> None:
    strict = bent("refunds", approver_roles=("supervisor",))
    assert may_decide("ann", "agent", (), "U789", strict).rule == "approval.role"
