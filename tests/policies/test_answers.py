"""Only an unambiguous yes confirms."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.answers import PARTS, Part, answer, answer_all
from policies.facts import Answer

YES = (
    "yes", "Yes.", "YES!!!", "Yes please", "yes, please.", "ok do it", "OK, go ahead", "Sure, go ahead please", "yep",
    "Yes 👍", "please do", "go ahead", "yes yes", "I confirm", "Yes, I confirm.", "that's right", "That’s right",
    "ja", "ja bitte", "Ja, gerne!", "sí", "sí, por favor", "oui", "Oui, s'il vous plaît", "d’accord", "sim, por favor",
    "haan", "haan ji kar do", "kindly do the needful", "ｙｅｓ", "y\u200bes", "\u202ayes\u202c", "  yes\n", "si\u0301",
)  # fmt: skip
NO = (
    "no", "No.", "NO!", "no thanks", "Nope", "no, thank you", "nein danke", "non merci", "não", "nahi", "please don't",
    "don't do it", "no no no", "No, stop", "ok, no", "of course not", "absolutely not", "n\u200bo",
)  # fmt: skip
OTHER = (
    "", "   ", "yes but only the shoes", "what? no!", "sure, whatever", "yes, and also where is my other order",
    "yes?", "yes...", "yes…", "don't", "yes no", "no yes", "yes, no, wait", "if it is quick, yes", "yeah right",
    "yeah yeah", "cancel it", "refund me", "never mind", "no problem", "why not", "yes I do not",
    "oh sure", "oh yes", "ok", "okay thanks", "k", "fine", "fine.", "yes 🙄", "👍", "🙂", "yes if you must", "not yes",
    "yes, 20 dollars", "yes (not)", '"yes"', "~~yes~~", "y̶e̶s̶", "yеs", "sey", "yesno", "yes\u200bno",
    "I said yes already", "why yes", "did I say yes", "yes to the shoes",
    "go", "go go", "please", "thanks", "yes /s", "yes 🖕", "maybe",
    "yes to nothing", "say yes", "ja aber nur die Schuhe", "ja, und wo ist mein Paket", "oui mais non", "si claro",
    "sí pero no", "never say yes", "nothing, yes", "yes unless it takes long", "wait yes", "⁇ yes", "yes؟",
    "ok? do it", "i agree to nothing", "confirm what", "do it tomorrow", "yes\x00?", "yes, to my other card",
)  # fmt: skip
BREAKERS = (
    "no", "not", "never", "don't", "won’t", "nothing", "but", "only", "if", "unless", "except", "when", "after",
    "why", "what", "how", "which", "who", "where", "maybe", "later", "wait", "instead", "?", "nein", "nicht", "aber",
    "wenn", "non", "pas", "mais", "pero", "não", "nahi", "agar", "lekin", "...", "half", "50", "other", "and", "then",
    "🙄", "lol",
    "whatever",
)  # fmt: skip
agreeing = st.sampled_from([" ".join(phrase) for phrase, part in PARTS.items() if part is Part.AGREE])
polite = st.sampled_from([" ".join(phrase) for phrase, part in PARTS.items() if part is Part.POLITE])


@pytest.mark.parametrize("text", YES)
def test_an_unambiguous_yes_confirms(text: str) -> None:
    assert answer(text) is Answer.YES


@pytest.mark.parametrize("text", NO)
def test_a_plain_no_declines(text: str) -> None:
    assert answer(text) is Answer.NO


@pytest.mark.parametrize("text", OTHER)
def test_anything_else_is_neither(text: str) -> None:
    assert answer(text) is Answer.OTHER


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("yes", "please"), Answer.YES),
        (("ok", "do it"), Answer.YES),
        (("yes", "no"), Answer.NO),
        (("no", "yes"), Answer.NO),
        (("where is my other order", "no"), Answer.NO),
        (("yes", "where is my other order"), Answer.OTHER),
        (("yes", "?"), Answer.OTHER),
        (("yes", "wait"), Answer.OTHER),
        (("oh", "sure"), Answer.OTHER),
        (("yes", "👍"), Answer.YES),
        (("of course", "not"), Answer.NO),
        ((), Answer.OTHER),
    ],
)
def test_a_burst_is_read_as_one_and_any_no_declines(texts: tuple[str, ...], said: Answer) -> None:
    assert answer_all(texts) is said


@given(st.lists(agreeing | polite, max_size=4), st.sampled_from(BREAKERS), st.lists(agreeing | polite, max_size=4))
def test_a_negation_condition_or_question_never_confirms(before: list[str], breaker: str, after: list[str]) -> None:
    assert answer(" ".join((*before, breaker, *after))) is not Answer.YES
    assert answer_all((*before, breaker, *after)) is not Answer.YES


@given(agreeing, st.text(min_size=1, max_size=20))
def test_an_agreement_with_unknown_words_never_confirms(agreement: str, rest: str) -> None:
    if answer(f"{agreement} {rest}") is Answer.YES:
        known = {word for phrase in PARTS for word in phrase}
        plain = unicodedata.normalize("NFKC", rest)
        letters = "".join(char if char.isalpha() or char in "'-" else " " for char in plain.casefold())
        assert set(letters.split()) <= known | {"-", "'"}


@given(st.text(max_size=400))
def test_any_text_gets_an_answer(text: str) -> None:
    assert answer(text) in Answer


def test_a_huge_message_is_neither_yes_nor_no() -> None:
    assert answer("yes " * 25_000) is Answer.OTHER
