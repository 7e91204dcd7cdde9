"""A reply leaves sentence by sentence while it is written, and stops before the first that is untrue."""

from collections.abc import Callable
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.sentence_ends import ends_of, sentences_of
from policies.sentence_gate import SentenceGate
from policies.truth import check, unsaid

TOLD = [
    "Order #10023 (Trail Shoes) was delivered on 3 November 2026 and signed by J. DOE, says the carrier.",
    "The carrier took a photo at delivery.",
    "I can refund $129.00 for order #10023 to your Visa ending 4242.",
    "Shall I go ahead?",
]
TRUE = (
    "Hello! Order #10023 (Trail Shoes) was delivered on 3 November 2026. It was signed by J. DOE, says the carrier.\n"
    "- The carrier took a photo at delivery.\nI can refund $129.00 to your Visa ending 4242. Shall I go ahead?"
)
FALSE = TRUE.replace("I can refund $129.00", "I have refunded $129.00")


def fed(gate: SentenceGate, answer: str, cuts: list[int]) -> list[str]:
    borders = [0, *sorted(cut % (len(answer) + 1) for cut in cuts), len(answer)]
    pieces = [answer[start:end] for start, end in pairwise(borders)]
    return [*(gate.feed(piece) for piece in pieces), gate.finish()]


def test_a_sentence_leaves_once_the_next_has_begun() -> None:
    gate = SentenceGate(TOLD, "en")
    assert gate.feed("The carrier took a photo at deliv") == ""
    assert gate.feed("ery. ") == ""
    assert gate.feed("Shall I") == "The carrier took a photo at delivery."
    assert gate.feed(" go ahead?") == ""
    assert gate.finish() == " Shall I go ahead?"
    assert gate.text == "The carrier took a photo at delivery. Shall I go ahead?"
    assert gate.untrue == ()


def test_nothing_leaves_after_an_untrue_sentence() -> None:
    gate = SentenceGate(TOLD, "en")
    released = "".join(fed(gate, FALSE, list(range(len(FALSE)))))
    assert released == gate.text == FALSE[: FALSE.index("\nI have") + 1]
    assert gate.untrue[0].reason == "status"
    assert gate.feed(" The carrier took a photo at delivery. Shall I go ahead?") == ""
    assert gate.finish() == ""


def test_the_order_of_the_sentence_before_is_remembered() -> None:
    told = ["Order #1001 was delivered on 3 May 2026, says the carrier.", "Order #1002 is on its way."]
    gate = SentenceGate(told, "en")
    assert (
        gate.feed("Order #1002 is on its way. It was delivered on 3 May 2026. And so") == "Order #1002 is on its way."
    )
    assert gate.untrue


@given(st.lists(st.integers(0, 400), max_size=60), st.sampled_from((TRUE, FALSE, TRUE + "\n\n", "Hello!\n" + FALSE)))
def test_borders_of_pieces_change_nothing(cuts: list[int], answer: str) -> None:
    gate = SentenceGate(TOLD, "en")
    released = "".join(fed(gate, answer, cuts))
    assert answer.startswith(released)
    assert released == gate.text
    verdict = check(answer, TOLD, "en")
    first = tuple(each for each in verdict if each.sentence == verdict[0].sentence)
    assert gate.untrue == first
    assert (released == answer) == (not verdict)


@given(st.text(alphabet="aAbZ.!?\n 13äÜ#(),:)\"'”Mar-", max_size=120), st.lists(st.integers(0, 120), max_size=40))
def test_any_text_is_released_as_a_beginning_of_itself(answer: str, cuts: list[int]) -> None:
    gate = SentenceGate([answer], "en")
    assert answer.startswith("".join(fed(gate, answer, cuts)))
    assert bool(gate.untrue) == bool(check(answer, [answer], "en"))


@given(st.text(alphabet="aB. !?\n1", max_size=60), st.text(alphabet="aB. !?\n1", max_size=20))
def test_an_end_that_is_certain_is_an_end_of_the_whole(text: str, more: str) -> None:
    assert set(ends_of(text, growing=True)) <= {end for _, end in sentences_of(text + more)}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It costs $12.50. It is here.", 2),
        ("See https://shop.example/a.b?c=1. Thanks!", 2),
        ("Am 3. November 2026 kam es an. Gut.", 2),
        ("Signed by J. DOE, says the carrier.", 1),
        ("E.g. this one, approx. 3 of them.", 1),
        ("1. First line\n2. Second line", 2),
        ("Order no. 10023 is here! Really? Yes.", 3),
        ('He said "it is here." Then he left.', 2),
    ],
)
def test_only_real_ends_are_ends(text: str, parts: int) -> None:
    spans = sentences_of(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert len([1 for start, end in spans if text[start:end].strip()]) == parts


SHAPES = (
    " ", "\n", "(", "'", '"', "- ", "1 ", "1, ", "a-", "a ", ". ", "# ", "$1,000 ", "on 3 May 2026, ", "pass on ",
    "send it back ", "refund paid ", "i'm sorry ", "thank you very much ", "delivered or ", "if it is ", "by you ",
)  # fmt: skip
LONG = 1_500


def seconds(do: Callable[[], object]) -> float:
    def once() -> float:
        start = process_time()
        do()
        return process_time() - start

    return min(once() for _ in range(3))


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_text_takes_no_more_than_about_twice_as_long(shape: str) -> None:
    def judged(length: int) -> Callable[[], object]:
        answer = "Order #10023 " + (shape * length)[:length]
        return lambda: (check(answer, TOLD, "en", answer), unsaid(answer, TOLD, "en"))

    assert seconds(judged(2 * LONG)) < 3 * seconds(judged(LONG))


def test_a_message_is_read_only_where_a_reply_takes_it_up_and_never_far() -> None:
    asked = "You asked about my cake. " + "(' pass on" * 4_000 + " balloon"
    assert check("The carrier took a photo at delivery.", TOLD, "en", asked) == ()
    assert check("You asked about your cake.", TOLD, "en", asked) == ()
    assert check("You asked about your balloon.", TOLD, "en", asked) != ()
