"""That money moved is said from a record of the ledger, in two places: nobody else can even name the sentence."""

import ast
import re
from collections.abc import Iterator

import pytest

from policies.facts import RefundStatus
from tests.architecture.source import Function, sources

TELLER, LISTER = "workflows/telling.py", "workflows/tracking.py"
DECLARED = "policies/replies.py"
# The name of a webhook's event, for machines: no customer reads it.
NAMED = "policies/webhooks.py"
# Also a name that begins so and is put together later: `f"refund_{status}"`, `"refund." + status`.
HAPPENED = re.compile(rf"\brefund[._](?:is_)?(?:{'|'.join(RefundStatus)})\b|^refund[._](?:is_)?$")


def sayings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of every string and attribute by which a sentence could be said."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr


def test_only_the_teller_says_that_money_moved() -> None:
    found = [
        f"{source.name}:{line}"
        for source in sources("policies", "activities", "workflows", "workers", "api")
        if source.name not in (TELLER, LISTER, DECLARED, NAMED)
        for line, text in sayings(source.tree)
        if HAPPENED.search(text)
    ]
    assert found == [], f"call record_words() of {TELLER} with the record that was read back from the shop"


@pytest.mark.parametrize(
    ("file", "function", "built", "record"),
    [
        (TELLER, "record_words", "f'refund_{record.status}'", "record: RefundRecord"),
        (LISTER, "list_refunds", "f'refund_is_{record.status}'", "for record in order.refunds"),
    ],
)
def test_it_is_chosen_by_the_records_own_status(file: str, function: str, built: str, record: str) -> None:
    (source,) = (source for source in sources("workflows") if source.name == file)
    (body,) = (node for node in source.tree.body if isinstance(node, Function) and node.name == function)
    assert built in ast.unparse(body)
    assert record in ast.unparse(body)
    elsewhere = ast.Module([node for node in source.tree.body if node is not body], [])
    # News without a record builds its sentence's name too, but from words none of which is a state of the ledger.
    told = [text for _, text in sayings(elsewhere) if HAPPENED.search(text) and text != "refund_"]
    words = [text for _, text in sayings(elsewhere) if text in {*RefundStatus}]
    assert told + words == [], f"say it in {function}, from the ledger's record"


@pytest.mark.parametrize(
    "code",
    [
        'say("refund_settled")',
        'say("refund.failed")',
        "words.refund_pending",
        'say(f"refund_is_{status}")',
        'f"refund_{status}"',
        '"refund." + end',
    ],
)
def test_each_way_of_saying_it_would_be_found(code: str) -> None:
    assert any(HAPPENED.search(text) for _, text in sayings(ast.parse(code)))
