"""Intent files as people keep them: what they hold, and new exemplars put in without touching another line."""

import difflib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from policies.likeness import likeness
from policies.yaml_lines import BadFile

# As in an intent's file; "no" without quotes would be read back as false.
LANGUAGE = re.compile(r"(?!no\b)[a-z]{2}")


@dataclass
class Shelf:
    """The intent files of a folder, and of one tenant's folder in it; changes stay in memory until `write`."""

    folder: Path
    tenant: str | None = None
    _changed: dict[Path, str] = field(default_factory=dict)

    def holders(self) -> dict[str, str]:
        """Which intent each exemplar belongs to, by its likeness; raises BadFile for a file of another shape."""
        found: dict[str, str] = {}
        for path in self._paths():
            for text in _exemplars(path.read_text(encoding="utf-8"), str(path)):
                found.setdefault(likeness(text), path.stem)
        return found

    def add(self, intent: str, language: str, text: str) -> None:
        """Put an exemplar into its file, for a tenant into one that extends what ships; raises BadFile."""
        path = self._path(intent)
        before = self._changed.get(path) if path in self._changed else self._read(path)
        beginning = f"id: {intent}\nextends: true\nexemplars:\n  {language}:\n"
        self._changed[path] = with_exemplar(before or beginning, language, text, str(path))

    def diff(self) -> str:
        """Show all changes as one unified diff."""
        return "".join(
            line
            for path, text in sorted(self._changed.items())
            for line in _diff(self._read(path), text, path.relative_to(self.folder).as_posix())
        )

    def write(self) -> None:
        """Put every changed file in place of the old one, whole or not at all."""
        for path, text in self._changed.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", dir=path.parent)
            try:
                with os.fdopen(handle, "w", encoding="utf-8", newline="") as draft:
                    draft.write(text)
                    draft.flush()
                    os.fsync(draft.fileno())
                Path(name).chmod(path.stat().st_mode if path.exists() else 0o644)
                Path(name).replace(path)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise

    def _path(self, intent: str) -> Path:
        place = self.folder / "tenants" / self.tenant if self.tenant else self.folder
        return place / f"{intent}.yaml"

    def _paths(self) -> Iterator[Path]:
        yield from sorted(self.folder.glob("*.yaml"))
        if self.tenant:
            yield from sorted((self.folder / "tenants" / self.tenant).glob("*.yaml"))

    def _read(self, path: Path) -> str:
        # Bytes, because reading as text would turn a file's line ends into our own.
        return path.read_bytes().decode() if path.exists() else ""


def with_exemplar(text: str, language: str, exemplar: str, source: str) -> str:
    """Add one exemplar at the end of its language's list; raises BadFile when the file is not of that shape.

    Lines are put in by the positions the YAML parser gives, not written anew from what it read: comments, quotes and
    blank lines stay as they are, which a round trip through ruamel.yaml did not keep.
    """
    root = _compose(text, source)
    ends = "\r\n" if "\r\n" in text else "\n"
    text = text if text.endswith("\n") else text + ends
    quoted = json.dumps(exemplar, ensure_ascii=False)
    lists = _entry(root, "exemplars")
    if lists is None:
        return f"{text}exemplars:{ends}  {language}:{ends}    - {quoted}{ends}"
    listed = _block(lists[1], yaml.MappingNode, source, "exemplars: has to be lists by language")
    found = _entry(listed, language)
    if found is None:
        step = next((_step(key, value) for key, value in listed.value if isinstance(value, yaml.SequenceNode)), 2)
        margin = listed.start_mark.column
        lines = f"{' ' * margin}{language}:{ends}{' ' * (margin + step)}- {quoted}{ends}"
        return _insert(text, _end(listed), lines)
    key, items = found
    if isinstance(items, yaml.ScalarNode) and not items.value:
        return _insert(text, key.end_mark.index, f"{' ' * (key.start_mark.column + 2)}- {quoted}{ends}")
    block = _block(items, yaml.SequenceNode, source, f"exemplars.{language}: has to be a list, one line an exemplar")
    return _insert(text, _end(block), f"{' ' * block.start_mark.column}- {quoted}{ends}")


def _exemplars(text: str, source: str) -> Sequence[str]:
    """All exemplars of one file, of any language."""
    root = _compose(text, source)
    lists = _entry(root, "exemplars")
    if lists is None:
        return ()
    if not isinstance(lists[1], yaml.MappingNode):
        raise BadFile(source, [(lists[0].start_mark.line + 1, "exemplars: has to be lists by language")])
    data: Mapping[str, Any] = yaml.safe_load(text)["exemplars"]
    return [str(item) for items in data.values() for item in items or ()]


def _compose(text: str, source: str) -> yaml.MappingNode:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        raise BadFile(source, [(mark.line + 1 if mark else 1, f"not YAML: {error}")]) from None
    if not isinstance(root, yaml.MappingNode):
        raise BadFile(source, [(1, "expected a mapping of settings")])
    return root


def _block(node: yaml.Node, kind: type[yaml.CollectionNode], source: str, reason: str) -> yaml.CollectionNode:
    if isinstance(node, kind) and not node.flow_style and node.value:
        return node
    raise BadFile(source, [(node.start_mark.line + 1, reason)])


def _entry(node: yaml.CollectionNode, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next((pair for pair in node.value if pair[0].value == name), None)


def _step(key: yaml.Node, items: yaml.Node) -> int:
    return max(items.start_mark.column - key.start_mark.column, 0)


def _end(node: yaml.Node) -> int:
    """Where the last word inside a node ends; the mark of a block itself lies behind the comments that follow it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    mark = node.end_mark
    return int(mark.index) - 1 if mark.column == 0 else int(mark.index)


def _insert(text: str, after: int, lines: str) -> str:
    at = text.find("\n", after) + 1
    return text[:at] + lines + text[at:]


def _diff(before: str, after: str, name: str) -> Iterator[str]:
    old = f"a/{name}" if before else "/dev/null"
    return difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), old, f"b/{name}")
