"""Read the instructions of every task from a folder, and hold released versions to the words they had."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from policies.prompts import NAME, Prompts
from policies.yaml_lines import BadFile

DIGESTS = "digests.json"


def read_prompts(folder: Path) -> Prompts:
    """Read `<task>/<version>.md` below `folder`. Raises BadFile, also where a released version has other words now.

    A version that `digests.json` does not name is a draft and may still change.
    """
    prompts = Prompts({name: _words(folder, name) for name in _names(folder)})
    released = read_digests(folder)
    if changed := prompts.changed(released):
        path = folder / DIGESTS
        lines = path.read_text(encoding="utf-8").splitlines()
        faults = [(_line(lines, name), f"{name}: {reason}") for name, reason in changed.items()]
        raise BadFile(str(path), faults)
    return prompts


def read_digests(folder: Path) -> Mapping[str, str]:
    """Read which versions were released, and the SHA-256 of their words. Raises BadFile."""
    path = folder / DIGESTS
    text = _text(path)
    try:
        json.loads(text, object_pairs_hook=_once)
        return TypeAdapter(dict[str, str]).validate_json(text)
    except (ValueError, ValidationError) as error:
        reason = f'not a JSON object of "task/version": "SHA-256" ({str(error).splitlines()[0]})'
        raise BadFile(str(path), [(1, reason)]) from None


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{twice[0]!r} is given twice")
    return dict(pairs)


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise BadFile(str(folder), [(1, "is no folder of instructions")])
    paths = sorted(folder.rglob("*.md"))
    for path in paths:
        if not NAME.fullmatch(_name(folder, path)):
            raise BadFile(str(path), [(1, "instructions lie in <task>/<version>.md, such as phrase/1.md")])
    return [_name(folder, path) for path in paths]


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _words(folder: Path, name: str) -> str:
    path = folder / f"{name}.md"
    text = _text(path)
    if not text.strip():
        raise BadFile(str(path), [(1, "has no words")])
    return text


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadFile(str(path), [(1, "file is missing")]) from None
    except UnicodeDecodeError as error:
        raise BadFile(str(path), [(1, f"not UTF-8 at byte {error.start}")]) from None


def _line(lines: list[str], name: str) -> int:
    return next((number for number, line in enumerate(lines, 1) if f'"{name}"' in line), 1)
