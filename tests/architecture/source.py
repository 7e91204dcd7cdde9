"""The source of each room, read once as syntax trees; nothing here imports the code it looks at."""

import ast
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("policies", "activities", "workflows", "workers", "api", "sandbox")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file: `name` is its path below the repository, with forward slashes."""

    name: str
    text: str
    tree: ast.Module


def sources(*rooms: str) -> Iterator[Source]:
    """Give every Python file of the rooms."""
    for room in rooms:
        yield from _read(room)


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of everything a module imports, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of what a module reaches, with imported names spelt out as where they come from."""
    origins: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            origins |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            origins |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        # What is only written to, such as a field called `input`, reaches nothing.
        read = isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
        if read and (dotted := _dotted(node)):
            first, dot, rest = dotted.partition(".")
            yield node.lineno, f"{origins.get(first, first)}{dot}{rest}"


def _dotted(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


@cache
def _read(room: str) -> tuple[Source, ...]:
    texts = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / room).rglob("*.py"))}
    return tuple(Source(path.relative_to(ROOT).as_posix(), text, _parsed(text)) for path, text in texts.items())


def _parsed(text: str) -> ast.Module:
    # A finaliser that fails in the middle has its traceback parsed as well, and CPython 3.11 mixes the two up.
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        gc.enable()
