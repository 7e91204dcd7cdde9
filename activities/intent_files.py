"""Read the intents that ship and those of single tenants."""

from pathlib import Path

from policies.intent_sets import IntentSets, Source, gather


def read_intents(folder: Path) -> IntentSets:
    """Read `*.yaml` of a folder, and of `tenants/<tenant>/` in it; raises BadFile naming file, line and reason."""
    tenants = sorted(path for path in (folder / "tenants").glob("*") if path.is_dir())
    return gather(_files(folder), {path.name: _files(path) for path in tenants})


def _files(folder: Path) -> tuple[Source, ...]:
    return tuple((str(path), path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml")))
