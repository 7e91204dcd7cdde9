"""Two clauses that can be told to one customer on one day must not say different things of one matter."""

from datetime import date, timedelta

import pytest

from policies.chunks import Chunk
from policies.contradictions import find
from tests.policies.written import shipped_chunks

SINCE = date(2026, 1, 1)


def chunk(document: str, text: str, section: str = "", heading: str = "", **more: object) -> Chunk:
    fields: dict[str, object] = {
        "document": document,
        "title": document,
        "version": "1",
        "section": section or document,
        "heading": heading or document,
        "text": text,
        "effective_from": SINCE,
        "source": f"{document}.md",
    }
    return Chunk.model_validate(fields | more).sealed("northwind")


APART = {
    "days": ("You can return most items within 30 days of delivery.", "Items can be returned within 14 days."),
    "money": ("Delivery is free from $50; below that it costs $5.95.", "Shipping is free from $35."),
    "allowed and denied": ("Gift cards can be returned.", "Gift cards cannot be returned."),
    "ranges": ("Express delivery takes one to two working days.", "Express delivery takes two to three working days."),
    "of gold members": (
        "Items can be returned within 30 days, by gold members within 60 days.",
        "Gold members can return items within 45 days.",
    ),
    "German": ("Die Rückgabefrist beträgt 14 Tage ab Lieferung.", "Die Rückgabefrist beträgt 30 Tage."),
}


@pytest.mark.parametrize("texts", APART.values(), ids=APART.keys())
def test_a_contradiction_between_two_documents_is_found(texts: tuple[str, str]) -> None:
    language = "de" if "beträgt" in texts[0] else "en"
    one, other = chunk("a", texts[0], language=language), chunk("b", texts[1], language=language)
    (found,) = find([one, other])
    assert (found.first, found.second) == (one, other)
    assert all(text.split(";")[0] in found.says for text in texts)


def test_one_section_in_two_documents_is_compared_in_looser_words() -> None:
    one = chunk("a", "The return window is 30 days after delivery for most items, 60 days for gold.", "returns.general")
    assert find([one, chunk("b", "You may send things back for 14 days.", "returns.general")])
    assert not find([one, chunk("b", "You may send things back for 30 days.", "returns.general")])


def test_a_planted_contradiction_is_found_in_the_shipped_documents() -> None:
    chunks = shipped_chunks("northwind")
    planted = chunk(
        "northwind-summer", "The return window is 14 days after delivery for most items.", "returns.general"
    )
    found = find([*chunks, planted.model_copy(update={"region": "US", "effective_from": date(2026, 11, 1)})])
    assert {each.document for pair in found for each in (pair.first, pair.second)} == {
        "northwind-summer",
        "northwind-returns",
    }


@pytest.mark.parametrize("tenant", ["northwind", "alpenpost", "kirana"])
def test_the_shipped_documents_hold_no_contradiction(tenant: str) -> None:
    assert [each.says for each in find(shipped_chunks(tenant))] == []


TEXTS = ("Items can be returned within 30 days.", "Items can be returned within 14 days.")
SCOPES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "another region": ({"region": "US"}, {"region": "EU"}),
    "another time": ({"effective_to": date(2026, 5, 31)}, {"effective_from": date(2026, 6, 1)}),
    "a category of its own": ({}, {"category": "electronics"}),
    "a tier of its own": ({}, {"tier": "gold"}),
    "a region of its own": ({"section": "s"}, {"section": "s", "region": "US"}),
    "another language": ({"language": "en"}, {"language": "de"}),
    "an older version": ({"version": "1", "document": "a"}, {"version": "2", "document": "a"}),
    "one section read together": ({"section": "s", "document": "a"}, {"section": "s", "document": "a"}),
}


@pytest.mark.parametrize(("one", "other"), SCOPES.values(), ids=SCOPES.keys())
def test_what_no_customer_gets_both_of_is_no_contradiction(one: dict[str, object], other: dict[str, object]) -> None:
    chunks = [chunk("a", TEXTS[0]).model_copy(update=one), chunk("b", TEXTS[1]).model_copy(update=other)]
    assert find(chunks) == ()
    assert len(find([chunk("a", TEXTS[0]), chunk("b", TEXTS[1])])) == 1


QUIET = {
    "two services": (
        "Standard delivery takes three to five working days.",
        "Express delivery takes one to two working days.",
    ),
    "a kind of item": ("Items can be returned within 30 days.", "Electronics can be returned within 15 days."),
    "one number, two spellings": ("Items can be returned within two weeks.", "Items can be returned within 14 days."),
    "one of two numbers": (
        "Items can be returned within 30 days, by gold members within 60 days.",
        "Gold members can return items within 60 days.",
    ),
    "an exception": ("Gift cards cannot be returned unless they arrived faulty.", "Faulty gift cards can be returned."),
    "two articles": ("SKU-9942-A has a warranty of 12 months.", "SKU-9942-B has a warranty of 36 months."),
}


@pytest.mark.parametrize("texts", QUIET.values(), ids=QUIET.keys())
def test_two_matters_are_no_contradiction(texts: tuple[str, str]) -> None:
    assert find([chunk("a", texts[0]), chunk("b", texts[1])]) == ()


def test_each_pair_is_reported_once_and_not_more_than_a_thousand() -> None:
    many = [chunk(f"d{day}", f"Items can be returned within {day} days.") for day in range(10, 80)]
    found = find(many)
    assert len(found) == 1000
    assert len({(each.first.chunk_id, each.second.chunk_id) for each in found}) == 1000


def test_dates_that_touch_overlap() -> None:
    last = SINCE + timedelta(days=30)
    first = chunk("a", TEXTS[0], effective_to=last)
    assert find([first, chunk("b", TEXTS[1], effective_from=last)])
    assert not find([first, chunk("b", TEXTS[1], effective_from=last + timedelta(days=1))])
