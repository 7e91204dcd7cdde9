"""Canned replies are checked when they are read, and filled without breaking on what they meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.canned import CannedReply, fill, parse
from policies.yaml_lines import BadFile

GOOD = """\
replies:
  - name: hello
    title: Greeting
    text: "Hello {customer}, about #{order}: {agent} from {tenant} here."
  - name: bye
    title: Goodbye
    text: Bye.
"""
VALUES = {"customer": "Ada", "order": "10023", "agent": "Priya", "tenant": "Northwind"}


def test_a_file_is_read_in_its_order() -> None:
    hello, bye = parse(GOOD, "canned.yaml")
    assert (hello.name, hello.title) == ("hello", "Greeting")
    assert bye == CannedReply(name="bye", title="Goodbye", text="Bye.")


def test_every_gap_is_filled() -> None:
    assert fill(parse(GOOD, "canned.yaml")[0].text, VALUES) == "Hello Ada, about #10023: Priya from Northwind here."


@pytest.mark.parametrize("values", [{"customer": "Ada"}, {"customer": "Ada", "order": "", "agent": "", "tenant": ""}])
def test_a_value_that_is_missing_stays_a_gap_for_the_person_to_see(values: dict[str, str]) -> None:
    text = parse(GOOD, "canned.yaml")[0].text
    assert fill(text, values) == "Hello Ada, about #{order}: {agent} from {tenant} here."


@given(value=st.text())
def test_a_value_is_put_in_as_it_is(value: str) -> None:
    assert fill("<{customer}>", {"customer": value}) == f"<{value or '{customer}'}>"


def test_braces_that_are_meant_as_such_stay() -> None:
    assert fill("{{customer}} is {customer}", VALUES) == "{customer} is Ada"


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("{customer}", "{custmer}", 4, "unknown placeholder 'custmer'; .* customer, order, agent, tenant"),
        ("{order}", "{order.total}", 4, "unknown placeholder 'order.total'"),
        ("{order}", "{order:>9}", 4, "has a format"),
        ("{order}", "{order", 4, "not a template"),
        ("name: hello", "name: Hello there", 2, "should match pattern"),
        ("title: Greeting", "title: Hi\n    tag: x", 4, "tag: extra inputs are not permitted"),
        ("text: Bye.", "text: ''", 7, "at least 1 character"),
        ("text: Bye.", f"text: {'x' * 2001}", 7, "at most 2000 characters"),
        ("name: bye", "name: hello", 5, "hello: is given twice"),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, line: int, reason: str) -> None:
    with pytest.raises(BadFile, match=reason) as refused:
        parse(GOOD.replace(old, new), "canned.yaml")
    assert (refused.value.source, refused.value.line) == ("canned.yaml", line)


def test_a_file_without_replies_is_refused() -> None:
    with pytest.raises(BadFile, match="at least 1 item"):
        parse("replies: []", "canned.yaml")
