"""The response of a two-part answer is let out as it comes; the thought and the tags never are."""

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policies.thoughts import MOST_THOUGHT, PATTERN, TwoParts

WHOLE = "<thought>Order first.</thought>\n<response>It is on its way.</response>"


def read(*pieces: str) -> tuple[str, str, str]:
    """What is let out, the thought, and the fault, of a text in pieces."""
    parts = TwoParts()
    released = "".join([parts.feed(piece) for piece in pieces]) + parts.finish()
    return released, parts.thought, parts.fault


TEXTS = {
    "the form": (WHOLE, "It is on its way.", ""),
    "upper case and blanks": (" < THOUGHT >a</Thought >\n\n<Response\n> b < / response>\n", "b ", ""),
    "a lone bracket": ("<response>5 < 6, <b>3 <</response>", "5 < 6, <b>3 <", ""),
    "bracket on bracket": ("<thought>x<</thought><response><<y</response>", "<<y", ""),
    "no thought": ("<response>Hello.</response>", "Hello.", ""),
    "an empty thought": ("<thought></thought><response>Hello.</response>", "Hello.", ""),
    "no tags at all": ("It is on its way.", "", "text_outside"),
    "a word before": (f"Sure! {WHOLE}", "", "text_outside"),
    "a reasoning model's thought before": (f"<think>hm</think>{WHOLE}", "", "text_outside"),
    "a word between": ("<thought>a</thought> So: <response>b</response>", "", "text_outside"),
    "a word behind": (f"{WHOLE} Anything else?", "It is on its way.", "text_outside"),
    "a second response": (f"{WHOLE}<response>More.</response>", "It is on its way.", "text_outside"),
    "a tag behind that is cut": (f"{WHOLE}<", "It is on its way.", "text_outside"),
    "a thought in a thought": ("<thought>a<thought>b</thought>c</thought><response>d</response>", "", "text_outside"),
    "a response in the thought": ("<thought>a<response>b</response>", "", "unclosed"),
    "a thought in the response": ("<response>a <thought>b</thought> c</response>", "a ", "tag_in_response"),
    "with an attribute": ("<response>a <thought lang=en>b</thought> c</response>", "a ", "tag_in_response"),
    "a reasoning model's in the response": ("<response>a <think>b</think></response>", "a ", "tag_in_response"),
    "the end of a thought in the response": ("<response>a </thought> b</response>", "a ", "tag_in_response"),
    "a response in the response": ("<response>a <response>b</response>", "a ", "tag_in_response"),
    "an end with an attribute": ("<response>a </response x>b</response>", "a ", "tag_in_response"),
    "cut in the response": ("<thought>a</thought><response>It is on", "It is on", "unclosed"),
    "cut in its last tag": ("<thought>a</thought><response>It is on</respon", "It is on", "unclosed"),
    "cut behind a bracket": ("<thought>a</thought><response>It is on <", "It is on ", "unclosed"),
    "cut in the thought": ("<thought>It is on", "", "unclosed"),
    "cut before the response": ("<thought>a</thought>\n", "", "no_response"),
    "cut in its first tag": ("<tho", "", "no_response"),
    "nothing": ("", "", "no_response"),
    "blanks": (" \n", "", "no_response"),
    "a blank response": ("<thought>a</thought><response> \n</response>", "", "no_response"),
}


@pytest.mark.parametrize(("text", "released", "fault"), TEXTS.values(), ids=TEXTS.keys())
def test_each_way_of_keeping_or_missing_the_form_has_one_outcome(text: str, released: str, fault: str) -> None:
    assert (read(text)[0], read(text)[2]) == (released, fault)
    assert read(*text) == read(text)


def test_the_response_is_let_out_as_soon_as_it_is_certain() -> None:
    parts = TwoParts()
    pieces = ["<thought>a</tho", "ught><respon", "se>It ", "is <", "b", " </r", "esponse", ">"]
    assert [parts.feed(piece) for piece in pieces] == ["", "", "It ", "is ", "<b", " ", "", ""]
    assert (parts.finish(), parts.fault, parts.thought) == ("", "", "a")


def test_a_fault_is_known_before_the_text_has_ended() -> None:
    parts = TwoParts()
    parts.feed("I")
    assert parts.fault == "text_outside"


def test_a_thought_that_never_ends_is_kept_to_its_length() -> None:
    parts = TwoParts()
    for _ in range(3):
        parts.feed("<thought>" + "a" * MOST_THOUGHT)
    assert len(parts.thought) == MOST_THOUGHT


# Texts made of what matters here: tags, their splinters, and words.
SPLINTERS = st.sampled_from(
    [
        "<thought>", "</thought>", "<response>", "</response>", "<think>", "<THOUGHT>", "< / response >", "<", ">", "/",
        "th", "ought", "resp", "onse", " ", "\n", "secret", "Hello", "ß", "İ", "<b>", "</",
    ]
)  # fmt: skip
TEXT = st.lists(SPLINTERS, max_size=16).map("".join) | st.text(max_size=40)
PLAIN = st.text(st.characters(exclude_characters="<", exclude_categories=["Cs"]), max_size=40)


@given(TEXT, st.lists(st.integers(0, 200), max_size=12))
@example(WHOLE, list(range(len(WHOLE))))
def test_however_a_text_is_cut_the_same_is_let_out(text: str, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[begin:end] for begin, end in pairwise(edges)]
    assert read(*pieces) == read(text)


@given(TEXT)
def test_nothing_is_let_out_but_a_stretch_behind_the_first_response_tag(text: str) -> None:
    released, _, _ = read(text)
    opened = re.search(r"<\s*response\s*>", text, re.IGNORECASE)
    assert released == "" or (opened and released in text[opened.end() :])
    assert not re.search(r"<\s*/?\s*(thought|response|think)", released, re.IGNORECASE)


@given(PLAIN, PLAIN)
def test_thought_and_response_come_apart_whatever_they_say(thought: str, response: str) -> None:
    released, kept, fault = read(f"<thought>{thought}</thought><response>{response}</response>")
    assert (released, kept) == (response.lstrip(), thought)
    assert fault == ("" if response.strip() else "no_response")


@given(TEXT, TEXT)
def test_what_stands_in_a_thought_is_not_let_out(inside: str, response: str) -> None:
    secret = "q7 plan 7q"
    released, _, _ = read(f"<thought>{secret}{inside}</thought><response>{response}</response>")
    assert "q7" not in released
    nested, _, _ = read(f"<response>{response}<thought>{secret}{inside}</thought></response>")
    assert "q7" not in nested


@given(st.from_regex(PATTERN, fullmatch=True))
def test_whatever_is_decoded_by_the_pattern_has_the_form(answer: str) -> None:
    _, _, fault = read(answer)
    response = answer.partition("<response>")[2].removesuffix("</response>")
    assert fault == ("" if response.strip() else "no_response")


@pytest.mark.parametrize("feature", [r"\(\?", r"\\b", r"\\[1-9]", r"[*+]", r"\{\d+,\}"])
def test_the_pattern_is_bounded_and_has_nothing_that_decoders_do_not_know(feature: str) -> None:
    assert not re.search(feature, PATTERN)
