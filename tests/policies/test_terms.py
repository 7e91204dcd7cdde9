"""Terms: codes stay whole in one spelling, words are stemmed, and every script is cut at its words only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.terms import LONGEST, codes_of, is_code, terms_of


@pytest.mark.parametrize(
    "written", ["SKU-9942-B", "sku-9942-b", "SKU_9942_B", "SKU‑9942‑B", "SKU–9942–B", "sku/9942/b", "ＳＫＵ-9942-Ｂ"]
)
def test_every_spelling_of_a_code_is_one_term(written: str) -> None:
    assert codes_of(f"Is {written} still sold?") == ("sku_9942_b",)
    assert "sku_9942_b" in terms_of(f"Is {written} still sold?")


def test_codes_that_differ_in_one_letter_are_two() -> None:
    assert codes_of("SKU-9942-A or SKU-9942-B, or SKU-9942-A?") == ("sku_9942_a", "sku_9942_b")


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("NW-RET-01", True),
        ("AWB-20001", True),
        ("9942-B", True),
        ("123456789012", True),
        ("1Z999AA10123456784", True),
        ("30-day", False),
        ("2nd", False),
        ("14h", False),
        ("2026", False),
        ("12345", False),
        ("drop-off", False),
        ("mp3", False),
    ],
)
def test_a_code_is_told_from_a_word_with_a_number(word: str, code: bool) -> None:
    assert is_code(word) is code


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "returning items", "returned item"),
        ("de", "Rücksendungen der Pakete", "Rücksendung Paket"),
        ("de-AT", "Pakete", "Paket"),
        ("fr", "les retours gratuits", "les retour gratuit"),
        ("es", "devoluciones gratuitas", "devolución gratuita"),
    ],
)
def test_forms_of_a_word_are_one_term(language: str, one: str, other: str) -> None:
    assert terms_of(one, language) == terms_of(other, language)


def test_hindi_words_are_not_torn_at_vowel_signs() -> None:
    assert len(terms_of("वापसी की नीति क्या है", "xx")) == 5


def test_stop_words_and_signs_rank_nothing() -> None:
    assert terms_of("what is it that you do for me?!") == ()
    assert terms_of("🙂🙂 … — !!!") == ()


@given(st.text(max_size=400))
def test_terms_are_words_any_engine_splits_alike(text: str) -> None:
    for term in terms_of(text):
        assert 0 < len(term) <= LONGEST
        assert not any(char.isspace() or char in "-/.\"'()" for char in term)


@given(st.text(max_size=200))
def test_codes_are_terms(text: str) -> None:
    assert set(codes_of(text)) <= set(terms_of(text))
