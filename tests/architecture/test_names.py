"""Everything has a place that says what it is; `__init__.py` is the sign at a room's door."""

import ast
from pathlib import PurePosixPath

from tests.architecture.source import PRODUCT, ROOT, sources

JUNK = frozenset(
    {"utils", "util", "common", "helpers", "helper", "misc", "base", "core", "shared", "models", "schemas"}
)


def test_nothing_is_a_junk_drawer() -> None:
    drawers = [
        source.name
        for source in sources(*PRODUCT, "tests")
        if JUNK & {*PurePosixPath(source.name).with_suffix("").parts}
    ]
    assert drawers == [], (
        "name it after its subject. Two callers: write it twice. Three: it has a subject, and that is the file's name"
    )


def test_an_init_is_a_docstring_and_nothing_more() -> None:
    signs = [source for source in sources(*PRODUCT, "tests") if source.name.endswith("/__init__.py")]
    blank = [source.name for source in signs if not ast.get_docstring(source.tree)]
    assert blank == [], "say there what belongs in this room"
    filled = [source.name for source in signs if len(source.tree.body) > 1]
    assert filled == [], "import from the file that defines it; code at the door runs for everybody who passes"


def test_every_file_says_in_its_first_line_what_lives_there() -> None:
    silent = [source.name for source in sources(*PRODUCT) if not ast.get_docstring(source.tree)]
    assert silent == [], "begin it with one sentence on what lives there; if it takes two, it is two files"


def test_every_room_of_the_product_has_its_tests() -> None:
    rooms = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert set(PRODUCT) <= rooms, "tests/ mirrors the rooms"


def test_nothing_is_left_for_later() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error")
    marks = [
        f"{source.name}:{number}"
        for source in sources(*PRODUCT, "tests")
        for number, line in enumerate(source.text.splitlines(), 1)
        if any(word in line for word in words)
    ]
    assert marks == [], "do it now, or write an issue and delete the mark"


def test_no_test_patches_a_name_in_a_module() -> None:
    patched = [
        f"{source.name}:{node.lineno}"
        for source in sources("tests")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("patch") and _names_a_path(node.args)
    ]
    assert patched == [], "hand the double to the constructor; a patched path breaks silently when code moves"


def _names_a_path(arguments: list[ast.expr]) -> bool:
    first = arguments[0] if arguments else None
    return isinstance(first, ast.Constant) and isinstance(first.value, str) and "." in first.value
