"""Exemplars put into intent files: one line more, every other byte as it was."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policies.yaml_lines import BadFile
from workers.exemplars import with_exemplar

TRACK = """\
# Where is it?
id: track_order
description: "Where a parcel is."   # said by the clarifying question

exemplars:
  # the plain ways
  en:
    - "where is my parcel"   # the most frequent one
    - 'where''s my order'

  # as typed in Vienna
  de:
    - "Wo ist mein Paket?"
# the end
"""
CANCEL = 'id: cancel_order\nexemplars:\n  en:\n  - "cancel my order"\n'

SHAPES = {
    "list at the margin": (CANCEL, "en", CANCEL + '  - "new"\n'),
    "new language beside it": (CANCEL, "de", CANCEL + '  de:\n  - "new"\n'),
    "new language, indented": (TRACK, "fr", TRACK.replace("# the end", '  fr:\n    - "new"\n# the end')),
    "no line end at the end": (CANCEL.rstrip("\n"), "en", CANCEL + '  - "new"\n'),
    "Windows line ends": (
        CANCEL.replace("\n", "\r\n"),
        "en",
        CANCEL.replace("\n", "\r\n") + '  - "new"\r\n',
    ),
    "an empty language": ("id: a\nexemplars:\n  en:\n", "en", 'id: a\nexemplars:\n  en:\n    - "new"\n'),
    "no exemplars yet": ("id: a\nextends: true\n", "en", 'id: a\nextends: true\nexemplars:\n  en:\n    - "new"\n'),
    "folded text last": (
        "id: a\nexemplars:\n  en:\n    - >-\n      two\n      lines\nrisk: low\n",
        "en",
        'id: a\nexemplars:\n  en:\n    - >-\n      two\n      lines\n    - "new"\nrisk: low\n',
    ),
}


@pytest.mark.parametrize(("text", "language", "after"), SHAPES.values(), ids=SHAPES)
def test_an_exemplar_is_put_in_without_touching_another_line(text: str, language: str, after: str) -> None:
    assert with_exemplar(text, language, "new", "a.yaml") == after


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("id: a\nexemplars: {en: [b]}\n", 2),
        ("id: a\nexemplars:\n  en: [b]\n", 3),
        ("id: a\nexemplars:\n  en: b\n", 3),
        ("- a\n", 1),
        ("id: [\n", 2),
    ],
)
def test_a_file_that_cannot_take_a_line_is_named_with_the_line(text: str, line: int) -> None:
    with pytest.raises(BadFile) as bad:
        with_exemplar(text, "en", "new", "a.yaml")
    assert (bad.value.source, bad.value.line) == ("a.yaml", line)


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1), min_size=1, max_size=6))
def test_whatever_customers_write_reads_back_as_they_wrote_it(words: list[str]) -> None:
    text = TRACK
    for word in words:
        text = with_exemplar(text, "de", word, "a.yaml")
    assert yaml.safe_load(text)["exemplars"]["de"] == ["Wo ist mein Paket?", *words]
    assert [line for line in text.split("\n") if line in TRACK.split("\n")] == TRACK.split("\n")
