"""Check policy versions before anybody runs them: one JSON line for each version, or for each of its faults."""

import json
from collections.abc import Iterator
from pathlib import Path

from activities.policy_store import read_version
from policies.yaml_lines import BadFile


def check(path: Path) -> Iterator[tuple[bool, str]]:
    """Check a version's folder, or every version in a folder of them; yield (good, JSON line)."""
    versions = sorted(rules.parent for rules in path.glob("*/rules.yaml")) or [path]
    for folder in versions:
        try:
            bundles = read_version(folder)
        except BadFile as bad:
            for line, reason in bad.faults:
                yield False, _line(file=bad.source, ok=False, line=line, reason=reason)
        else:
            yield True, _line(file=str(folder), ok=True, version=folder.name, tenants=sorted(bundles))


def _line(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)
