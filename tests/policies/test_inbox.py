"""Where a conversation stands in people's inbox, in which order, and by which words it is found."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policies.cases import Priority
from policies.inbox import Row, View, rank_of, turn_in_queue, views_of, words_asked, words_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=30)


def row(**given: Any) -> Row:
    shape = {"tenant": "acme", "conversation_id": "c-1", "version": 1, "customer_id": "U789"}
    return Row.model_validate({**shape, "opened_at": NOW, "updated_at": NOW, **given})


PERSON = {"owner": "person", "why": "asked"}
STANDS: dict[str, tuple[dict[str, Any], set[View]]] = {
    "with the AI": ({}, {View.ALL, View.AI}),
    "in the queue": (PERSON, {View.ALL, View.UNASSIGNED}),
    "given to somebody": ({**PERSON, "assignee": "sue"}, {View.ALL, View.MINE}),
    "waiting for the customer": (
        {**PERSON, "assignee": "sue", "claimed": True, "waits_for_customer": True},
        {View.ALL, View.MINE, View.CUSTOMER},
    ),
    "with a deadline": ({**PERSON, "due_at": SOON}, {View.ALL, View.UNASSIGNED, View.BREACHED}),
    "late": ({**PERSON, "breached": True}, {View.ALL, View.UNASSIGNED, View.BREACHED}),
    "with the AI, and a refund to approve": ({"stage": "waiting_approval"}, {View.ALL, View.AI, View.APPROVAL}),
    "handed back": ({"assignee": "sue"}, {View.ALL, View.AI}),
    "closed": ({**PERSON, "assignee": "sue", "breached": True, "due_at": SOON, "closed": True}, {View.CLOSED}),
}


@pytest.mark.parametrize(("given", "views"), STANDS.values(), ids=STANDS)
def test_a_row_stands_where_it_belongs(given: dict[str, Any], views: set[View]) -> None:
    assert views_of(row(**given)) == views


def test_a_view_begins_with_what_is_due_first_and_goes_on_with_what_changed_last() -> None:
    rows = [
        row(version=1, due_at=SOON),
        row(version=2, due_at=NOW),
        row(version=3, updated_at=NOW),
        row(version=4, updated_at=SOON),
    ]
    in_order = sorted(rows, key=lambda one: rank_of(one, View.ALL))
    assert [one.version for one in in_order] == [2, 1, 4, 3]


def test_closed_rows_are_listed_newest_first_whatever_was_due() -> None:
    old, new = row(closed=True, due_at=NOW), row(closed=True, updated_at=SOON, due_at=SOON)
    assert rank_of(new, View.CLOSED) < rank_of(old, View.CLOSED)


def test_a_row_is_late_from_its_deadline_on_or_from_when_it_was_said_to_be() -> None:
    later = SOON + timedelta(days=1)
    assert rank_of(row(due_at=SOON), View.BREACHED) == SOON.timestamp() * 1000
    assert rank_of(row(due_at=later, breached=True, updated_at=SOON), View.BREACHED) == SOON.timestamp() * 1000


def test_the_queue_goes_by_priority_and_then_by_who_waits_the_longest() -> None:
    earlier = NOW - timedelta(days=300)
    waiting = [
        row(**PERSON, version=1, waiting_since=SOON),
        row(**PERSON, version=2, waiting_since=NOW),
        row(**PERSON, version=3, waiting_since=SOON, priority=Priority.URGENT),
        row(**PERSON, version=4, waiting_since=earlier, priority=Priority.LOW),
        row(**PERSON, version=5, waiting_since=SOON, priority=Priority.HIGH, assignee="sue"),
    ]
    assert [one.version for one in sorted(waiting, key=lambda one: turn_in_queue(one) or 0)] == [3, 5, 2, 1, 4]


@pytest.mark.parametrize("given", [{}, {**PERSON, "claimed": True}, {**PERSON, "closed": True}])
def test_nobody_else_stands_in_the_queue(given: dict[str, Any]) -> None:
    assert turn_in_queue(row(**given)) is None


def test_a_row_is_found_by_its_names_whole_and_in_parts() -> None:
    found = words_of(
        row(order_id="IN-12345", customer_id="ann@example.com", tags=("Lost parcel",), assignee_name="Jörg Groß")
    )
    wanted = {"in-12345", "12345", "ann@example.com", "ann", "example", "lost", "parcel", "jörg", "gross", "c-1"}
    assert wanted <= {*found}


def test_what_is_asked_is_read_as_beginnings_of_words() -> None:
    assert words_asked(" #12345  GROSS gross # ") == ("12345", "gross")
    assert len(words_asked("a b c d e f g h i j k l")) == 8
