"""The rules as shipped, and small bends of them; tests judge what customers will meet."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import policies
from policies.bundle import Bundle, parse

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BUNDLES_FOLDER = Path(policies.__file__).parent / "bundles"
CURRENT_FOLDER = BUNDLES_FOLDER / (BUNDLES_FOLDER / "CURRENT").read_text(encoding="utf-8").strip()
RULES_TEXT = (CURRENT_FOLDER / "rules.yaml").read_text(encoding="utf-8")
REPLY_TEXTS = {
    path.name.split(".")[1]: path.read_text(encoding="utf-8") for path in sorted(CURRENT_FOLDER.glob("replies.*.yaml"))
}
BUNDLES = parse(RULES_TEXT, REPLY_TEXTS, "shipped")
STANDARD = BUNDLES["northwind"]


def days(count: float) -> timedelta:
    return timedelta(days=count)


def bent(section: str, **changes: Any) -> Bundle:
    """Change fields of one section of the standard tenant's rules: `bent("refunds", auto_limit={})`."""
    rules = STANDARD.rules
    changed = getattr(rules, section).model_copy(update=changes)
    return STANDARD.model_copy(update={"rules": rules.model_copy(update={section: changed})})
