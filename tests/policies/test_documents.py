"""Policy documents become clauses that can be cited, and a bad document says where it is bad."""

from datetime import date
from pathlib import Path

import pytest

import policies
from policies.documents import parse
from policies.yaml_lines import BadFile

GOOD = """\
---
document: shop-returns
title: Returns
version: "1"
region: EU
effective_from: 2026-01-01
effective_to: 2026-06-30
---

## How long {#returns.general}

Ten
days.
"""


def test_a_section_is_a_clause_with_the_documents_dates() -> None:
    (policy,) = parse(GOOD, "returns.md", "kirana")
    assert (policy.clause.clause_id, policy.clause.text, policy.clause.version) == ("returns.general", "Ten days.", "1")
    assert policy.clause.effective_from == "2026-01-01"


@pytest.mark.parametrize(
    ("tenant", "region", "on", "holds"),
    [
        ("kirana", "EU", date(2026, 1, 1), True),
        ("kirana", "EU", date(2026, 6, 30), True),
        ("kirana", "EU", date(2026, 7, 1), False),
        ("kirana", "EU", date(2025, 12, 31), False),
        ("kirana", "US", date(2026, 2, 1), False),
        ("alpenpost", "EU", date(2026, 2, 1), False),
    ],
)
def test_a_clause_holds_for_its_tenant_region_and_days(tenant: str, region: str, on: date, holds: bool) -> None:
    (policy,) = parse(GOOD, "returns.md", "kirana")
    assert policy.holds(tenant, region, on) is holds


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("---\ndocument", "document"), 1),
        (("region: EU\n", "region: EU\ncolour: red\n"), 6),
        (("2026-01-01", "soon"), 6),
        (("2026-06-30", "2025-06-30"), 1),
        (("## How long {#returns.general}", "## How long"), 10),
        (("## How long {#returns.general}", "How long"), 9),
        (("Ten\ndays.", ""), 10),
        (("Ten", "## Again {#returns.general}\n"), 12),
    ],
)
def test_a_bad_document_is_refused_with_file_and_line(change: tuple[str, str], line: int) -> None:
    with pytest.raises(BadFile) as refused:
        parse(GOOD.replace(*change), "returns.md", "kirana")
    assert (refused.value.source, refused.value.line) == ("returns.md", line)


@pytest.mark.parametrize(
    ("tenant", "general"), [("northwind", ("30", "60")), ("alpenpost", ("14", "30")), ("kirana", ("10", "20"))]
)
def test_shipped_documents_state_the_return_windows_of_the_rules(tenant: str, general: tuple[str, str]) -> None:
    folder = Path(policies.__file__).parent / "documents" / tenant
    clauses = [policy.clause for path in folder.glob("*.md") for policy in parse(path.read_text(), path.name, tenant)]
    texts = {clause.clause_id: clause.text for clause in clauses}
    assert len(texts) == len(clauses) >= 24
    assert all(f"{days} days" in texts["returns.general"] for days in general)
    assert all(f"{days} days" in texts["disputes.window"] for days in general)
