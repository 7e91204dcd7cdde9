"""Only what a person cannot see is dropped, and positions are known before and after."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.unicode import readable, thin, undisguise


def _slowly_readable(text: str) -> str:
    spaced = (char if char in "\n\t" else " " if char.isspace() else char for char in text)
    return "".join(
        char for char in spaced if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"}
    )


def test_every_character_is_judged_by_its_category() -> None:
    # What this Python's tables do not know yet may be unseen in a later Unicode.
    assigned = (chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) != "Cn")
    assert [f"{ord(char):x}" for char in assigned if readable(char) != _slowly_readable(char)] == []


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("can\u200bcel", "cancel"),
        ("\u202ano\u202c", "no"),
        ("a\u00a0b\u3000c", "a b c"),
        ("one\ntwo\tthree\r\n", "one\ntwo\tthree \n"),
        ("\x00\x1b[31m", "[31m"),
        ("naïve 日本語 👍🏽", "naïve 日本語 👍🏽"),
        ("", ""),
    ],
)
def test_a_text_is_what_a_person_sees(text: str, seen: str) -> None:
    assert readable(text) == seen


@given(st.text(st.sampled_from("ab1 \n\u200b\u00ad\x00\ue000é"), max_size=40))
def test_a_thinned_text_knows_where_its_characters_stood(text: str) -> None:
    seen, offsets = thin(text)
    assert seen == readable(text)
    spaced = re.sub(r"[^\S\n\t]", " ", text)
    for start in range(len(seen)):
        first, after = offsets.before(start, start + 1)
        assert spaced[first:after] == seen[start]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("４１１１", "4111"),
        ("٤١١١ ४१११", "4111 4111"),
        ("①②", "12"),
        ("4️⃣1️⃣", "41"),
        ("ann＠example．com", "ann@example.com"),
        ("0170–1234−5", "0170-1234-5"),
        ("größe 日本", "größe 日本"),
    ],
)
def test_a_number_in_disguise_is_a_number(text: str, plain: str) -> None:
    assert undisguise(text)[0] == plain


@given(st.text(max_size=60))
def test_undisguising_keeps_positions(text: str) -> None:
    plain, offsets = undisguise(text)
    for at, char in enumerate(plain):
        first, _ = offsets.before(at, at + 1)
        assert char in (text[first], unicodedata.normalize("NFKC", text[first]), "-", ".") or char.isdigit()
