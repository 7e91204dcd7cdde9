"""The shipped rules with a few limits changed, for tests that cannot wait as long as customers do."""

from pathlib import Path
from typing import Any

import yaml

from tests.workflows.desk import BUNDLES


def shipped_but(
    folder: Path,
    playbooks: dict[str, Any] | None = None,
    retrieval: dict[str, Any] | None = None,
    inference: dict[str, Any] | None = None,
    service: dict[str, Any] | None = None,
    **talk: Any,
) -> Path:
    """Copy the current rules into `folder` with other limits of the talk, playbooks, retrieval, models and people."""
    version = (BUNDLES / "CURRENT").read_text(encoding="utf-8").strip()
    (folder / "CURRENT").write_text(version, encoding="utf-8")
    (folder / version).mkdir()
    for file in (BUNDLES / version).iterdir():
        (folder / version / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    rules = yaml.safe_load((BUNDLES / version / "rules.yaml").read_text(encoding="utf-8"))
    rules["default"]["talk"] |= talk
    rules["default"]["retrieval"] = rules["default"].get("retrieval", {}) | (retrieval or {})
    rules["default"]["inference"] = rules["default"].get("inference", {}) | (inference or {})
    rules["default"]["service"] |= service or {}
    for name, limits in (playbooks or {}).items():
        rules["default"]["playbooks"][name] |= limits
    (folder / version / "rules.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    return folder
