"""People find their mistake: file, line and reason, whatever they wrote."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from policies.yaml_lines import BadFile, load, locate, locate_each


class Shelf(BaseModel):
    name: str
    sizes: dict[str, int] = {}
    boxes: list[dict[str, int]] = []


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param("name: a\nname: b\n", 2, "key 'name' is given twice", id="a key twice"),
        pytest.param("name: a\nsizes:\n  s: 1\n  s: 2\n", 4, "key 's' is given twice", id="an inner key twice"),
        pytest.param("name: a\nsizes:\n  s: one\n", 3, "sizes.s: input should be a valid integer", id="a wrong type"),
        pytest.param("name: a\nboxes:\n  - x: 1\n  - x: q\n", 4, "boxes.1.x: input should", id="within a list"),
        pytest.param("sizes:\n  s: 1\n", 1, "name: field required", id="a missing key"),
        pytest.param("# a note\n\nname: a\nlabel: b\n", 4, "label: extra inputs", id="an unknown key"),
        pytest.param("name: a\n  sizes: b\n", 2, "mapping values are not allowed", id="a wrong indent"),
        pytest.param("name: [a\n", 2, "expected ',' or ']'", id="an open bracket"),
        pytest.param("name: !!python/object:os.system x\n", 1, "could not determine a constructor", id="a strange tag"),
        pytest.param("name: *a\n", 1, "the alias *a is not read", id="an alias of nothing"),
        pytest.param("name: a\n? [x, y]\n: z\n", 2, "a key has to be plain text", id="a list as a key"),
        pytest.param("a: 1\n---\nb: 2\n", 2, "but found another document", id="two documents"),
        pytest.param("name: 2026-13-01\n", 1, "month must be in 1..12", id="a day there is not"),
        pytest.param("name: a\x00b\n", 1, "special characters are not allowed", id="a binary file"),
        pytest.param("sizes: &s {s: *s}\n", 1, "the alias *s is not read", id="an alias within itself"),
        pytest.param("a: &a [x]\nb: [*a, *a]\n", 2, "write its value out", id="an alias"),
        pytest.param("[" * 999, 1, "not YAML", id="brackets without end"),
        pytest.param("", 1, "expected a mapping of settings, found NoneType", id="an empty file"),
        pytest.param("- name\n", 1, "expected a mapping of settings, found list", id="a list"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(BadFile) as caught:
        load(text, Shelf, "shelf.yaml")
    assert reason in caught.value.reason
    assert caught.value.line == line
    assert str(caught.value).startswith(f"shelf.yaml:{line}: ")


def test_aliases_that_multiply_are_refused_before_they_do() -> None:
    levels = "".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]\n" for level in range(1, 30))
    with pytest.raises(BadFile, match=r"^shelf.yaml:2: the alias \*l0 is not read"):
        load(f"l0: &l0 x\n{levels}", Shelf, "shelf.yaml")


def test_a_good_file_becomes_its_model() -> None:
    assert load("name: a\nsizes: {s: 1}\n", Shelf, "shelf.yaml") == Shelf(name="a", sizes={"s": 1})


def lines_of_faults(text: str) -> list[int]:
    try:
        load(text, Shelf, "shelf.yaml")
    except BadFile as bad:
        return [line for line, _ in bad.faults]
    return []


@given(st.text(max_size=60))
@example("{0: 0, [")
@example("? {a: 1}\n: b")
def test_any_text_is_read_or_refused_and_never_crashes(text: str) -> None:
    assert all(1 <= line <= len(text) + 1 for line in lines_of_faults(text))


def test_the_line_of_the_deepest_path_is_found() -> None:
    text = "a:\n  b:\n    c: 1\nd:\n  e: 2\n"
    assert locate(text, ("a", "b", "x"), ("d", "e")) == 2
    assert locate(text, ("a", "b", "c"), ("d", "e")) == 3
    assert locate(text, ("nowhere",)) == 1


def test_each_path_is_found_or_what_holds_it() -> None:
    text = "a:\n  b:\n    c: 1\nd: [1,\n  2]\n"
    assert locate_each(text, [("a", "b", "c"), ("a", "x"), ("d", 1), ("nowhere",)]) == [3, 1, 5, 1]
