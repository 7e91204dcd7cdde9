"""A file is read like a short article, a function like one of its paragraphs."""

import ast

from tests.architecture.source import PRODUCT, Function, sources

FILE_LINES, FUNCTION_LINES = 300, 60


def test_a_file_stops_at_its_limit() -> None:
    lengths = {source.name: source.text.count("\n") for source in sources(*PRODUCT)}
    long = {name: lines for name, lines in lengths.items() if lines > FILE_LINES}
    assert long == {}, f"over {FILE_LINES} lines: find the second subject in it and give it a file of that name"


def test_a_function_stops_at_its_limit() -> None:
    long = {
        f"{source.name}:{node.lineno} {node.name}": lines
        for source in sources(*PRODUCT)
        for node in ast.walk(source.tree)
        if isinstance(node, Function) and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}, f"over {FUNCTION_LINES} lines: name the steps in it and make each a function"
