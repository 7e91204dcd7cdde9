"""Whatever is asked, in whatever order: refunds never exceed what was paid, and the ledger adds up."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import refunds
from sandbox.contract import LineQuantity, RefundAsk
from sandbox.database import Database
from sandbox.orders import find_order
from sandbox.problems import Problem
from sandbox.seed import seed_if_empty

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ORDER = "20012"

asks = st.builds(
    RefundAsk,
    lines=st.lists(
        st.builds(LineQuantity, line_id=st.sampled_from(["1", "9"]), quantity=st.integers(1, 2)), max_size=2
    ).map(tuple),
    amount_minor=st.integers(-10, 8000),
    currency=st.sampled_from(["USD", "USD", "USD", "EUR"]),
    payment_id=st.sampled_from(["PAY-1", "PAY-2", "PAY-3"]),
    reason_code=st.sampled_from(["DAMAGED_ITEM", "WRONG"]),
)
steps = st.lists(st.one_of(asks, st.just("fail"), st.just("wait")), max_size=12)


@settings(max_examples=25, deadline=None)
@given(steps)
def test_refunds_never_exceed_what_was_paid(taken: list[RefundAsk | str]) -> None:
    with TemporaryDirectory() as folder:
        database = Database(Path(folder))
        seed_if_empty(database, NOW)
        for number, step in enumerate(taken):
            try:
                with database.writing() as db:
                    _take(db, step, number)
            except Problem:
                continue
        with database.reading() as db:
            order = find_order(db, "northwind", ORDER)
        database.close()
    for payment in order.payments:
        kept = [r.amount_minor for r in order.refunds if r.payment_id == payment.payment_id and r.status != "failed"]
        assert sum(kept) == payment.refunded_minor <= payment.paid_minor
    for line in order.lines:
        back = sum(
            part.quantity
            for refund in order.refunds
            if refund.status != "failed"
            for part in refund.lines
            if part.line_id == line.line_id
        )
        assert back == line.refunded_quantity <= line.quantity


def _take(db: refunds.Connection, step: RefundAsk | str, number: int) -> None:
    now = NOW + timedelta(seconds=number)
    order = find_order(db, "northwind", ORDER)
    if isinstance(step, RefundAsk):
        refunds.issue(db, "northwind", order, step, f"key-{number}", now)
    elif step == "wait":
        refunds.let_time_pass(db, now, timedelta(seconds=2))
    elif order.refunds:
        refunds.fail(db, order.refunds[-1].refund_id, "the bank said no")
