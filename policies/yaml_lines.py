"""Read a YAML rule file into a model, and say file, line and reason when it does not fit."""

from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)
Path = tuple[str | int, ...]


class BadFile(Exception):
    """A rule file that cannot be used. `str()` reads `source:line: reason`, one line for each fault."""

    def __init__(self, source: str, faults: list[tuple[int, str]]) -> None:
        self.source = source
        self.faults = faults
        super().__init__("\n".join(f"{source}:{line}: {reason}" for line, reason in faults))

    @property
    def line(self) -> int:
        return self.faults[0][0]

    @property
    def reason(self) -> str:
        return self.faults[0][1]


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice, of which YAML would silently let the last one win, and aliases.

    Ten aliases in each of ten lines are ten billion values.
    """

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # its stubs have no types
            says = f"the alias *{event.anchor} is not read: write its value out"
            raise yaml.composer.ComposerError(None, None, says, event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a key has to be plain text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def load(text: str, model: type[Model], source: str) -> Model:
    """Parse `text` as `model`; raises BadFile naming `source`, the line and what is wrong."""
    try:
        root = yaml.compose(text, Loader=_StrictLoader)
        data = yaml.load(text, Loader=_StrictLoader)
        lines = _lines(root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadFile(source, [(line, error.problem or "not YAML")]) from None
    # ValueError: a date such as 2026-13-01. RecursionError: brackets without end.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadFile(source, [(1, f"not YAML: {error}")]) from None
    if not isinstance(data, dict):
        raise BadFile(source, [(1, "expected a mapping of settings, found " + type(data).__name__)])
    try:
        return model.model_validate(data, extra="forbid")
    except ValidationError as error:
        raise BadFile(source, [(_known(lines, loc)[1], reason) for loc, reason in faults_of(error)]) from None


def faults_of(error: ValidationError) -> list[tuple[Path, str]]:
    """Say what pydantic found as (path, sentence) pairs."""
    return [(fault["loc"], _sentence(fault["loc"], fault["msg"])) for fault in error.errors()]


def locate(text: str, *paths: Path) -> int:
    """The line of the path that reaches deepest into `text`; the first path wins a tie."""
    lines = _lines(yaml.compose(text, Loader=_StrictLoader))
    return max((_known(lines, path) for path in paths), key=lambda found: found[0])[1]


def locate_each(text: str, paths: Sequence[Path]) -> list[int]:
    """The line of each path, or of the innermost part of it that `text` has."""
    lines = _lines(yaml.compose(text, Loader=_StrictLoader))
    return [_known(lines, path)[1] for path in paths]


def _lines(root: yaml.Node | None) -> dict[Path, int]:
    found: dict[Path, int] = {}
    if root:
        _note(root, (), found)
    return found


def _note(node: yaml.Node, at: Path, found: dict[Path, int]) -> None:
    # A key has noted the line of its value: its own, which may lie above.
    found.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            found[*at, key.value] = key.start_mark.line + 1
            _note(value, (*at, key.value), found)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note(value, (*at, index), found)


def _known(lines: dict[Path, int], loc: Path) -> tuple[int, int]:
    """Depth and line of the innermost part of `loc` the file has; pydantic adds parts of its own, as union tags."""
    while loc and loc not in lines:
        loc = loc[:-1]
    return len(loc), lines.get(loc, 1)


def _sentence(loc: Path, message: str) -> str:
    reason = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, loc)) or 'file'}: {reason[:1].lower()}{reason[1:]}"
