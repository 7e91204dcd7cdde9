"""Rewriting keeps what a question means and the codes it names, and drops what belongs to one customer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.rewriting import MOST_CODES, MOST_TERMS, rewrite


@pytest.mark.parametrize(
    ("query", "language"),
    [
        ("How long does a refund take?", "en"),
        ("Hi! How long does a refund take?", "en"),
        ("hello, my mail is [email_1] - how long does a refund take for order #12345?", "en"),
        ("Guten Tag, wie lange dauert die Erstattung?", "de"),
        ("Bonjour ! combien de temps prend le remboursement ?", "fr"),
    ],
)
def test_a_greeting_a_placeholder_and_an_order_number_are_no_part_of_the_meaning(query: str, language: str) -> None:
    meaning = " ".join(rewrite(query, language).meanings).casefold()
    assert not any(noise in meaning for noise in ("hi!", "hello", "guten tag", "bonjour", "email", "12345"))
    assert any(word in meaning for word in ("refund", "erstattung", "remboursement"))


def test_an_article_is_a_code_asked_for() -> None:
    asked = rewrite("can I return SKU-9942-B?", "en")
    assert asked.codes == ("sku_9942_b",)
    assert not asked.own


@pytest.mark.parametrize("written", ["sku 9942 b", "SKU 9942-B", "Sku9942-B", "SKU–9942–B", "9942-B"])
def test_an_article_is_found_however_it_is_spaced(written: str) -> None:
    assert "sku_9942_b" in rewrite(f"warranty of {written}", "en").codes


def test_an_order_is_looked_up_and_not_missed() -> None:
    asked = rewrite("what about my order AP-12345, can I return it?", "en")
    assert "ap_12345" in asked.codes
    assert "ap_12345" in asked.own
    assert "12345" not in " ".join(asked.meanings)


@pytest.mark.parametrize("query", ["", "   ", "🙂", "?!", "what is it", "[email_1]", "hi", "\u200b"])
def test_a_query_without_a_word_to_search_for_has_no_terms(query: str) -> None:
    asked = rewrite(query, "en")
    assert asked.terms == ()
    assert asked.codes == ()
    assert asked.meanings == ()


def test_a_long_query_is_bounded() -> None:
    asked = rewrite("my parcel SKU-1234-A " + " ".join(f"word{at} CODE-{at}-X" for at in range(5_000)), "en")
    assert len(asked.terms) <= MOST_TERMS
    assert len(asked.codes) <= MOST_CODES
    assert asked.codes[0] == "sku_1234_a"


@given(st.text(max_size=300), st.sampled_from(["en", "de", "hi", "zz", ""]))
def test_any_text_can_be_rewritten(text: str, language: str) -> None:
    asked = rewrite(text, language)
    assert bool(asked.meanings) <= bool(asked.terms)
