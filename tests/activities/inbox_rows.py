"""Rows of an inbox, and what each view must hold of them: said plainly, without an index."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from policies.inbox import LATER, Row, View, millis, rank_of, views_of

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def row(tenant: str, conversation_id: str = "c-1", **given: Any) -> Row:
    shape = {"tenant": tenant, "conversation_id": conversation_id, "version": 1, "customer_id": "U789"}
    return Row.model_validate({**shape, "opened_at": NOON, "updated_at": NOON, **given})


def expected(rows: Iterable[Row], view: View, me: str, now: datetime) -> list[str]:
    """List the conversations of a view, in its order."""
    here = [one for one in rows if _stands(one, view, me, now)]
    return [one.conversation_id for one in sorted(here, key=lambda one: (rank_of(one, view), one.conversation_id))]


def _stands(one: Row, view: View, me: str, now: datetime) -> bool:
    if not one.closed and one.snoozed_until and one.snoozed_until > now:
        return view is View.SNOOZED
    if view is View.BREACHED:
        return view in views_of(one) and min(rank_of(one, view), LATER) <= millis(now)
    return view in views_of(one) and (view is not View.MINE or one.assignee == me)
