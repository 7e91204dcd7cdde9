"""What is kept of a message that was not understood, and which messages say the same."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.facts import Injection, IntentGuess, Understanding
from policies.lessons import LONGEST_LESSON, Lesson, corrected, holds_personal, lesson_id, scrubbed, unsure
from policies.likeness import alike

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def understood(*confidences: float, text: str = "it is still at the depot", **more: Any) -> Understanding:
    guesses = tuple(IntentGuess(id="track_order", confidence=confidence) for confidence in confidences)
    return Understanding(redacted=text, intents=guesses, **more)


KEPT = {
    "nothing understood": (understood(), True),
    "only with low confidence": (understood(0.49), True),
    "sure": (understood(0.9), False),
    "one of two is sure": (understood(0.3, 0.8), False),
    "no words": (understood(text="  \n"), False),
    "flagged as an attack": (understood(injection=Injection.REFUSE), False),
    "held to plain text": (understood(injection=Injection.PLAIN_TEXT), False),
}


@pytest.mark.parametrize(("message", "kept"), KEPT.values(), ids=KEPT)
def test_what_was_not_understood_is_kept_and_attacks_are_not(message: Understanding, kept: bool) -> None:
    assert (unsure("acme", message, NOW) is not None) is kept


def test_a_lesson_holds_what_a_person_needs_to_judge_it() -> None:
    doubt = IntentGuess(id="refund_request", confidence=0.3)
    lesson = unsure("acme", understood(0.4, language="de", unsure=(doubt,)), NOW)
    assert lesson is not None
    assert (lesson.tenant, lesson.text, lesson.language, lesson.why) == (
        "acme",
        "it is still at the depot",
        "de",
        "unsure",
    )
    assert [guess.id for guess in lesson.guesses] == ["track_order", "refund_request"]
    assert (lesson.intent, lesson.labelled_by, lesson.at) == (None, "", NOW)


def test_a_long_message_is_kept_in_part() -> None:
    lesson = unsure("acme", understood(text="where " * LONGEST_LESSON), NOW)
    assert lesson is not None
    assert len(lesson.text) <= LONGEST_LESSON


def test_a_correction_never_holds_what_is_personal() -> None:
    lesson = corrected("acme", "write to ann@example.com \u200bplease", (), "account", "sue", NOW)
    assert "ann@example.com" not in lesson.model_dump_json()
    assert (lesson.intent, lesson.labelled_by, lesson.why) == ("account", "sue", "corrected")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("acme", "Where is it?"), ("acme", "where  is\nit?"), True),
        (("acme", "Where is it?"), ("acme", "Where was it?"), False),
        (("acme", "Where is it?"), ("other", "Where is it?"), False),
    ],
)
def test_a_lesson_is_named_by_tenant_and_words(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    assert (lesson_id(*one) == lesson_id(*other)) is same


def lessons(*texts: str) -> list[Lesson]:
    return [Lesson(id=f"{at:032x}", tenant="acme", text=text, why="unsure", at=NOW) for at, text in enumerate(texts)]


def test_near_duplicates_are_put_together_in_the_order_they_came() -> None:
    groups = alike(
        lessons(
            "the courier left it with nobody",
            "order #12345: do you gift wrap?",
            "The courier left it with nobody!!",
            "nobody the courier left it with",
            "order #99881: do you gift wrap?",
        )
    )
    assert [[int(lesson.id, 16) for lesson in group] for group in groups] == [[0, 2, 3], [1, 4]]


@given(st.lists(st.text(min_size=1, max_size=60), max_size=12))
def test_grouping_loses_and_doubles_nothing(texts: list[str]) -> None:
    given_ = lessons(*texts)
    assert sorted(lesson.id for group in alike(given_) for lesson in group) == [lesson.id for lesson in given_]


def test_a_lesson_holds_no_number_of_any_region() -> None:
    assert scrubbed("my number is 9876543210") == "my number is [phone_1]"
    assert holds_personal("my number is 9876543210")
    assert scrubbed("where is order 9876543210") == "where is order 9876543210"
