"""Two versions of one document on one day: found whatever their files, and only then."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.chunks import Chunk
from policies.overlaps import file_of, find

SPRING = date(2026, 3, 1)


def piece(source: str, begins: date, ends: date | None = None, **scope: object) -> Chunk:
    known = {
        "document": "returns",
        "title": "Returns",
        "version": f"of {source}",
        "section": "s1",
        "heading": "Returns",
        "text": "30 days.",
        "source": f"{source} › Window",
        "effective_from": begins,
        "effective_to": ends,
    }
    return Chunk.model_validate(known | scope).sealed("northwind")


def test_versions_that_follow_each_other_are_fine() -> None:
    assert find([piece("old.md", date(2026, 1, 1), date(2026, 2, 28)), piece("new.md", SPRING)]) == ()


def test_a_version_that_begins_before_the_last_one_ended_names_both_files_the_day_and_the_remedy() -> None:
    (found,) = find([piece("new.md", SPRING), piece("old.md", date(2026, 1, 1)), piece("old.md", date(2026, 1, 1))])
    assert (found.kind, found.source, found.where, found.stops) == ("same_scope_twice", "new.md", "old.md", True)
    assert "in force on 2026-03-01" in found.says
    assert "give old.md `effective_to: 2026-02-28`" in found.says


def test_of_two_that_begin_on_one_day_one_has_to_go() -> None:
    (found,) = find([piece("a.md", SPRING), piece("b.md", SPRING)])
    assert found.says.endswith("keep one of the two")


def test_the_last_day_counts() -> None:
    assert find([piece("old.md", date(2026, 1, 1), SPRING), piece("new.md", SPRING)])
    assert not find([piece("old.md", date(2026, 1, 1), SPRING - timedelta(days=1)), piece("new.md", SPRING)])


def test_a_short_version_within_a_long_one_does_not_hide_the_next() -> None:
    found = find(
        [
            piece("long.md", date(2026, 1, 1), date(2026, 12, 31)),
            piece("short.md", date(2026, 2, 1), date(2026, 2, 2)),
            piece("late.md", date(2026, 6, 1)),
        ]
    )
    assert [(each.source, each.where) for each in found] == [("short.md", "long.md"), ("late.md", "long.md")]


@pytest.mark.parametrize("scope", ["document", "region", "language", "category", "tier"])
def test_documents_for_others_may_hold_beside_it(scope: str) -> None:
    assert find([piece("a.md", SPRING), piece("b.md", SPRING, **{scope: "fr"})]) == ()


def test_sections_of_one_file_are_no_versions_of_each_other() -> None:
    first, second = (
        piece("a.pdf", SPRING, section=f"s{page}").model_copy(update={"source": f"a.pdf p. {page}", "page": page})
        for page in (1, 2)
    )
    assert file_of(second) == "a.pdf"
    assert find([first, second]) == ()


DAYS = st.integers(0, 20).map(lambda days: SPRING + timedelta(days=days))


@given(st.lists(st.tuples(DAYS, st.none() | st.integers(0, 5)), max_size=6))
def test_something_is_found_exactly_when_two_share_a_day(spans: list[tuple[date, int | None]]) -> None:
    chunks = [
        piece(f"{at}.md", begins, None if days is None else begins + timedelta(days=days))
        for at, (begins, days) in enumerate(spans)
    ]
    shared = any(
        one.holds_on(day) and other.holds_on(day)
        for day in (SPRING + timedelta(days=days) for days in range(30))
        for one in chunks
        for other in chunks
        if one.source < other.source
    )
    assert bool(find(chunks)) == shared
