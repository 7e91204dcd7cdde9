"""Clauses that tests of the policy agent let a search find, and what they look at afterwards."""

from datetime import UTC, datetime, timedelta

from policies import wording
from policies.facts import OrderFacts
from tests.fakes.shop import order
from tests.workflows.desk import RETURNS, Desk

ELECTRONICS = RETURNS.model_copy(
    update={
        "clause_id": "returns.electronics",
        "title": "Electronics",
        "text": "Electronics go back within 15 days.",
        "chunk_id": "c-electronics",
    }
)
INVOICES = RETURNS.model_copy(
    update={"clause_id": "invoices", "title": "Invoices", "text": "Invoices come by e-mail.", "chunk_id": "c-invoices"}
)
HOW_LONG = "how long can I keep it, order 12345?"


def a_day(days_from_now: int) -> str:
    return wording.day(datetime.now(UTC) + timedelta(days=days_from_now), "en")


def scope_of(desk: Desk) -> dict[str, object]:
    return desk.searches[-1][1].model_dump()


def with_lines(*kinds: str) -> OrderFacts:
    facts = order()
    lines = [
        facts.lines[0].model_copy(
            update={"line_id": str(at), "sku": f"SKU-{at}", "title": f"{kind.title()} Thing", "category": kind}
        )
        for at, kind in enumerate(kinds, start=1)
    ]
    return facts.model_copy(update={"lines": tuple(lines)})
