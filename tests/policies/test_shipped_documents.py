"""The policies and the questions that are shipped: whole, of one mind with the rules, and labelled truly."""

import json
import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import policies
from policies.chunks import HEADING_STEP
from policies.clauses import EVERYWHERE
from policies.documents import About
from policies.returns import governing
from policies.terms import codes_of, terms_of
from policies.yaml_lines import load
from tests.policies.shipped import BUNDLES

FOLDER = Path(policies.__file__).parent / "documents"
QUESTIONS = FOLDER.parent.parent / "evals" / "knowledge_questions.jsonl"
REGIONS = {"northwind": {"US", "CA"}, "alpenpost": {"EU", "CH"}, "kirana": {"EU", "IN"}}
SUBJECTS = {"returns", "refunds", "delivery", "disputes", "warranty", "exchanges", "international", "privacy"}
ASKED = re.compile(r"<!-- asked: [^>]+ -->\n\n")
LAST_OLD, FIRST_NEW = date(2026, 9, 30), date(2026, 10, 1)
FEWEST = {
    "plain": 50, "paraphrase": 50, "code": 20, "dated": 25, "tier": 8, "region": 8, "german": 15, "unanswerable": 40,
}  # fmt: skip


class Section(NamedTuple):
    """One clause of a document; `text` has single blanks only."""

    tenant: str
    about: About
    id: str
    heading: str
    text: str

    @property
    def label(self) -> str:
        return f"{self.about.document}#{self.id}@{self.about.version}"

    def holds(self, region: str, on: date, tier: str = EVERYWHERE, category: str | None = None) -> bool:
        about = self.about
        return (
            about.effective_from <= on <= (about.effective_to or date.max)
            and about.region in (EVERYWHERE, region)
            and (about.tier in (EVERYWHERE, tier))
            and (category is None or about.category in (EVERYWHERE, category))
        )


def _sections(path: Path) -> list[Section]:
    front, _, body = path.read_text(encoding="utf-8").removeprefix("---\n").partition("\n---\n")
    about = load(front, About, path.name)
    body, asked = ASKED.subn("", body)
    assert asked == body.count("\n## "), f"a section of {path.name} does not say what customers ask"
    found = re.findall(r"^## (.+?) \{#([a-z0-9.-]+)\}\n\n(.+?)(?=^## |\Z)", body, flags=re.M | re.S)
    assert len(found) == body.count("\n## "), f"a section of {path.name} has no id or no text"
    return [Section(path.parent.name, about, name, heading, " ".join(text.split())) for heading, name, text in found]


FILES = {path: _sections(path) for path in sorted(FOLDER.glob("*/*.md"))}
SECTIONS = [section for sections in FILES.values() for section in sections]
ROWS: list[dict[str, Any]] = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
ANSWERED = [row for row in ROWS if row["relevant"]]


def name_of(row: dict[str, Any]) -> str:
    return str(row["qid"])


def live(tenant: str, region: str, on: date, tier: str = EVERYWHERE, category: str | None = None) -> list[Section]:
    return [each for each in SECTIONS if each.tenant == tenant and each.holds(region, on, tier, category)]


def test_every_tenant_has_every_subject_in_both_regions_and_versions() -> None:
    assert len(FILES) >= 45
    for tenant, regions in REGIONS.items():
        for region in regions:
            for day, version in ((LAST_OLD, "2026-01"), (FIRST_NEW, "2026-10")):
                held = live(tenant, region, day)
                assert {each.about.document.partition("-")[2] for each in held} >= SUBJECTS
                dated = {each.about.document for each in held if each.about.version == version}
                assert {f"{tenant}-{subject}" for subject in ("returns", "refunds", "delivery", "disputes")} <= dated


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_document_has_five_to_twelve_clauses_with_ids_of_its_own(path: Path) -> None:
    sections = FILES[path]
    assert 5 <= len(sections) <= 12
    assert len({each.id for each in sections}) == len(sections)
    subject = path.name.partition(".")[0]
    assert {each.id.partition(".")[0] for each in sections} == {subject}
    assert sections[0].about.document == f"{path.parent.name}-{subject}"


def test_no_two_versions_of_a_document_are_in_force_on_one_day_and_no_day_is_left_out() -> None:
    versions = defaultdict(list)
    for (first, *_), path in zip(FILES.values(), FILES, strict=True):
        about = first.about
        shared = (path.parent.name, about.document, about.region, about.language, about.category, about.tier)
        versions[shared].append(about)
    assert len(versions) >= 40
    for each in versions.values():
        ordered = sorted(each, key=lambda about: about.effective_from)
        assert ordered[-1].effective_to is None
        for earlier, later in pairwise(ordered):
            assert earlier.effective_to == later.effective_from - timedelta(days=1)


def test_a_region_of_its_own_leaves_no_clause_for_everywhere_beside_it() -> None:
    regions = defaultdict(set)
    for each in SECTIONS:
        regions[each.tenant, each.about.document].add(each.about.region)
    assert [name for name, held in regions.items() if EVERYWHERE in held and len(held) > 1] == []


@pytest.mark.parametrize("subject", ["returns", "refunds", "delivery", "disputes"])
@pytest.mark.parametrize("day", [LAST_OLD, FIRST_NEW], ids=["before", "since"])
@pytest.mark.parametrize("region", ["EU", "CH"])
def test_german_says_the_same_clauses_as_english(subject: str, day: date, region: str) -> None:
    ids: dict[str, list[str]] = {"en": [], "de": []}
    for each in live("alpenpost", region, day):
        if each.about.document == f"alpenpost-{subject}":
            ids[each.about.language].append(each.id)
    assert ids["de"] == ids["en"] != []


def test_prose_and_rules_name_the_same_windows_for_every_region_version_and_language() -> None:
    told = [each for each in SECTIONS if each.id in {"returns.general", "returns.electronics"}]
    assert len(told) >= 20
    for each in told:
        category = "electronics" if each.id.endswith("electronics") else "clothing"
        rules = BUNDLES[each.tenant].rules.returns
        rule = governing(category, each.about.region, each.about.effective_from, rules)
        last = governing(category, each.about.region, each.about.effective_to or date.max, rules)
        assert rule == last
        assert rule.clause == each.id
        for days in (rule.days["standard"], rule.days["gold"]):
            assert re.search(rf"\b{days} (?:days|Tage)\b", each.text), f"{each.tenant} {each.label}: {days} days"


@pytest.mark.parametrize(
    ("tenant", "limits"),
    [("northwind", ("$150", "$1,000")), ("alpenpost", ("100 €", "750 €")), ("kirana", ("150 €", "₹10,000"))],
)
def test_prose_names_the_limits_and_the_dispute_window_of_the_rules(tenant: str, limits: tuple[str, str]) -> None:
    rules = BUNDLES[tenant].rules.refunds
    said = {each.id: each.text for each in live(tenant, EVERYWHERE, FIRST_NEW) if each.about.language == "en"}
    automatic, pairs = rules.auto_limit, rules.four_eyes_limit
    written = {
        "northwind": (automatic["USD"], pairs["USD"]),
        "alpenpost": (automatic["EUR"], pairs["EUR"]),
        "kirana": (automatic["EUR"], automatic["INR"]),
    }
    assert tuple(int(re.sub(r"\D", "", limit)) * 100 for limit in limits) == written[tenant]
    assert all(limit in said["refunds.check"] for limit in limits)
    assert all(f"{rules.window_days[tier]} days" in said["disputes.window"] for tier in ("standard", "gold"))
    assert rules.late_after_days == 3
    assert "three days after the day it was promised" in said["disputes.late"]


def test_a_rule_with_a_clause_has_that_clause() -> None:
    for tenant, regions in REGIONS.items():
        for rule in BUNDLES[tenant].rules.returns:
            day = rule.ordered_to or FIRST_NEW
            for region in {rule.region} if rule.region else regions:
                assert rule.clause in {each.id for each in live(tenant, region, day)}


def test_the_questions_are_of_every_kind_and_halved_within_each() -> None:
    kinds = Counter(row["kind"] for row in ROWS)
    assert set(kinds) == set(FEWEST)
    assert {kind: count for kind, count in kinds.items() if count < FEWEST[kind]} == {}
    assert len(ROWS) >= 200
    halves = Counter((row["kind"], row["half"]) for row in ROWS)
    assert {half for _, half in halves} == {"fit", "check"}
    assert all(abs(halves[kind, "fit"] - halves[kind, "check"]) <= 1 for kind in kinds)


def test_a_question_is_asked_once() -> None:
    assert len({row["qid"] for row in ROWS}) == len(ROWS)
    asked = Counter((row["tenant"], row["query"].casefold(), row["region"], row["tier"], row["on"]) for row in ROWS)
    assert [question for question, count in asked.items() if count > 1] == []


@pytest.mark.parametrize("row", ANSWERED, ids=name_of)
def test_a_label_names_a_clause_that_holds_for_who_asks_and_says_the_answer(row: dict[str, Any]) -> None:
    held = live(row["tenant"], row["region"], date.fromisoformat(row["on"]), row["tier"], row.get("category"))
    for label in row["relevant"]:
        found = [each for each in held if each.label == label]
        assert found, label
        spoken = [each for each in found if each.about.language == row["language"]] or found
        assert all(row["says"] in each.text for each in spoken)


def test_what_cannot_be_answered_names_no_clause_and_no_code_that_a_document_has() -> None:
    held = {code for each in SECTIONS for code in codes_of(f"{each.heading} {each.text}")}
    for row in ROWS:
        assert (row["kind"] == "unanswerable") == (not row["relevant"]) == ("says" not in row), row["qid"]
        if row["kind"] == "unanswerable":
            assert not held.intersection(codes_of(row["query"])), row["qid"]


def test_a_paraphrase_has_no_word_of_its_clause() -> None:
    clauses = {(each.tenant, each.label, each.about.region): each for each in SECTIONS if each.about.language == "en"}
    for row in ROWS:
        if row["kind"] == "paraphrase":
            regions = (row["region"], EVERYWHERE)
            names = [(row["tenant"], label, region) for label in row["relevant"] for region in regions]
            for clause in [clauses[name] for name in names if name in clauses]:
                words = set(terms_of(f"{clause.heading}{HEADING_STEP}{clause.text}"))
                assert words.isdisjoint(terms_of(row["query"])), row["qid"]


def test_questions_with_a_date_stand_on_both_sides_of_the_change() -> None:
    asked = defaultdict(set)
    days = {row["on"] for row in ROWS if row["kind"] == "dated"}
    for row in ROWS:
        if row["kind"] == "dated":
            asked[row["tenant"], row["query"], row["region"], row["language"]].add(
                row["relevant"][0].rpartition("@")[2]
            )
    assert {LAST_OLD.isoformat(), FIRST_NEW.isoformat()} <= days
    both = [question for question, versions in asked.items() if versions == {"2026-01", "2026-10"}]
    assert len(both) >= 12
