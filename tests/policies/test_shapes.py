"""What shops write about their codes, and what a pattern may not be."""

from pathlib import Path

import pytest

from policies.shapes import DEFAULT, Shape, gather, parse, shape_of, spell
from policies.yaml_lines import BadFile

SHIPPED = sorted(Path("policies/shapes").glob("*.yaml"))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_shipped_shape_can_be_used(file: Path) -> None:
    shape = parse(file.read_text(encoding="utf-8"), file.name)
    assert shape.languages


def test_an_unknown_tenant_has_the_default() -> None:
    shapes = gather((file.stem, file.name, file.read_text(encoding="utf-8")) for file in SHIPPED)
    assert {"northwind", "alpenpost", "kirana"} <= shapes.keys()
    assert shape_of("nobody", shapes) == shapes["default"] == DEFAULT
    assert shape_of("northwind", shapes).region == "US"


def test_a_set_of_shapes_has_a_default() -> None:
    with pytest.raises(BadFile, match=r"default\.yaml:1: file: is missing"):
        gather([("acme", "acme.yaml", "region: DE")])


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("order_ids:\n  - '(a+)+b'\n", 2, "cannot be used in a pattern"),
        ("order_ids: ['\\d+']", 1, "cannot be used in a pattern"),
        ("order_ids: ['\\d{5,}']", 1, "cannot be used in a pattern"),
        ("order_ids: ['.*']", 1, "cannot be used in a pattern"),
        ("order_ids: ['(AB|CD)\\d{5}']", 1, "cannot be used in a pattern"),
        ("order_ids: ['\\d{5}\\1']", 1, "never or repeats a separator|cannot be used"),
        ("order_ids: ['\\d']", 1, "a code has 3 to 32 characters"),
        ("order_ids: ['\\d{1,60}']", 1, "a code has 3 to 32 characters"),
        ("order_ids: ['-{3}\\d{5}']", 1, "repeats a separator"),
        ("order_ids: ['A{0,9}B{0,9}C{0,9}\\d{5}']", 1, "can be read in 1000 ways"),
        ("order_ids: ['" + "A" * 81 + "']", 1, "at most 80 characters"),
        ("order_ids: ['[Z-A]{5}']", 1, "cannot be used in a pattern"),
        ("region: Europe", 1, "region"),
        ("languages: [english]", 1, "languages"),
        ("carriers:\n  - ups\n  - pigeon", 3, "carriers"),
        ("colour: red", 1, "colour"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(BadFile, match=reason) as told:
        parse(text, "acme.yaml")
    assert told.value.line == line


@pytest.mark.parametrize(
    ("key", "patterns", "spelled"),
    [
        ("nw10023", (r"NW-\d{5}",), "NW-10023"),
        ("w2611340", (r"#W\d{7}",), "#W2611340"),
        ("ki2", (r"KI-\d{1,6}",), "KI-2"),
        ("ab12cd", (r"[A-C]{2}/\d{2}.cd",), "AB/12.CD".replace("CD", "cd")),
        ("12345", (r"NW-\d{5}", r"\d{5}"), "12345"),
        ("123456", (r"\d{5}",), None),
        ("nw1002x", (r"NW-\d{5}",), None),
    ],
)
def test_a_code_is_written_as_the_shop_prints_it(key: str, patterns: tuple[str, ...], spelled: str | None) -> None:
    shape = Shape(order_ids=patterns)
    written = spell(key, shape.order_ids)
    assert (written and written.casefold()) == (spelled and spelled.casefold())
    assert written is None or "[" in patterns[0] or written == spelled
