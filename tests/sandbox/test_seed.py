from datetime import UTC, datetime
from pathlib import Path

from sandbox.database import Database
from sandbox.seed import TENANTS, load_assortment, seed_if_empty
from tests.sandbox.desk import Desk

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def test_seeding_is_deterministic_and_happens_once(tmp_path: Path) -> None:
    first, second = Database(tmp_path / "a"), Database(tmp_path / "b")
    assert (seed_if_empty(first, NOW), seed_if_empty(first, NOW), seed_if_empty(second, NOW)) == (True, False, True)
    for table in ("customers", "products", "orders", "lines", "payments", "shipments", "refunds"):
        with first.reading() as one, second.reading() as other:
            rows = f"SELECT * FROM {table} ORDER BY 1, 2, 3"
            assert [*map(tuple, one.execute(rows))] == [*map(tuple, other.execute(rows))]
    first.close()
    second.close()


def test_every_seeded_order_was_paid_in_full_and_nobody_is_real() -> None:
    for tenant in TENANTS:
        assortment = load_assortment(tenant, NOW)
        assert all(customer.email.endswith("@example.com") for customer in assortment.customers)
        for order in assortment.orders:
            goods = sum(line.quantity * line.unit_minor for line in order.lines)
            assert goods == sum(payment.paid_minor for payment in order.payments), order.order_id
            assert order.placed_at < NOW


def test_three_tenants_live_in_two_regions() -> None:
    regions = {tenant: {c.region for c in load_assortment(tenant, NOW).customers} for tenant in TENANTS}
    assert regions == {"northwind": {"US"}, "alpenpost": {"EU"}, "kirana": {"EU"}}


async def test_the_refund_of_the_past_has_settled(desk: Desk) -> None:
    (refund,) = (await desk.order("20022"))["refunds"]
    assert (refund["status"], refund["settled_at"]) == ("settled", "2026-03-04T09:00:00Z")
