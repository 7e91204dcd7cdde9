"""A rule file is taken as a whole or refused with file, line and reason."""

import json

import pytest
import yaml
from pydantic import ValidationError

from policies.bundle import Bundle, Rules, parse
from policies.facts import FraudBand
from policies.inference import Deployed, InferenceRules, Price
from policies.yaml_lines import BadFile
from tests.policies.shipped import BUNDLES, REPLY_TEXTS, RULES_TEXT, STANDARD

RULES, ENGLISH = "shipped/rules.yaml", "shipped/replies.en.yaml"


def fault_of(rules: str = RULES_TEXT, replies: dict[str, str] | None = None) -> BadFile:
    with pytest.raises(BadFile) as caught:
        parse(rules, REPLY_TEXTS if replies is None else replies, "shipped")
    return caught.value


def edited(text: str, old: str, new: str) -> tuple[str, int]:
    """Replace `old`, which occurs once, and say in which line it began."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    return text.replace(old, new), text[: text.index(old)].count("\n") + 1


BROKEN_RULES = {
    "a key twice": ("    offer_minutes: 15", "    late_after_days: 4", "'late_after_days' is given twice"),
    "an unknown key": ("    offer_minutes: 15", "    offer_minuts: 15", "extra inputs are not permitted"),
    "a wrong type": ("    pay_attempts: 5", "    pay_attempts: many", "valid integer"),
    "a number out of range": ("    pay_attempts: 5", "    pay_attempts: 0", "greater than or equal to 1"),
    "a number beyond one": ("    max_characters: 4000", "    min_confidence: 45", "less than or equal to 1"),
    "an unknown fraud band": ("    bands_for_people: [medium, high]", "    bands_for_people: [purple]", "'low'"),
    "no standard tier for returns": (
        "    - {clause: returns.general, days: {standard: 30, gold: 60}}",
        "    - {clause: returns.general, days: {gold: 60}}",
        "'standard' tier",
    ),
    "an unknown flow": ("handler: thanks}", "handler: ta}", "input should be 'track'"),
    "a version with a slash": ('version: "2026-11-01"', 'version: "../2026"', "should match pattern"),
    "a version that is a date": ('version: "2026-11-01"', "version: 2026-11-01", "valid string"),
    "a tab": ("  talk:", "\ttalk:", "cannot start any token"),
    "a key of the models' rules": ("    calls_per_turn: 6", "    calls_per_trun: 6", "extra inputs are not permitted"),
    "a task there is not": ("    tasks: [route, propose, rewrite, answer, phrase]", "    tasks: [rote]", "'route'"),
    "a key of a row": ("      - {rule: tier.hurry, tier: S, seconds_below: 1.5}",
                       "      - {rule: tier.hurry, tier: S, second_below: 1.5}", "extra inputs are not permitted"),
    "a tenant's unknown key": ("      window_days: {standard: 10, gold: 20}", "      windw_days: {standard: 10}",
                               "tenant kirana: refunds.windw_days: extra inputs"),
    "a tenant's wrong type": ("      auto_limit: {EUR: 10000}", "      auto_limit: {EUR: lots}",
                              "tenant alpenpost: refunds.auto_limit.EUR: input should be a valid integer"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "reason"), BROKEN_RULES.values(), ids=BROKEN_RULES.keys())
def test_a_broken_rule_file_is_refused_with_file_line_and_reason(old: str, new: str, reason: str) -> None:
    text, line = edited(RULES_TEXT, old, new)
    fault = fault_of(text)
    assert fault.source == RULES
    assert reason in str(fault)
    assert fault.line == line
    assert str(fault).startswith(f"{RULES}:{line}: ")


@pytest.mark.parametrize(
    ("section", "old", "new", "reason"),
    [
        pytest.param("refunds", ", JPY: 150000}", "}", "same currencies; differing: {'JPY'}", id="one limit"),
        pytest.param("refunds", "window_days: {standard: 30, ", "window_days: {", "'standard' tier", id="no standard"),
        pytest.param("inference", "rule: tier.hurry", "rule: tier.light", "a rule twice: tier.light", id="a row twice"),
        pytest.param("inference", ", phrase: 160}", "}", "expected_tokens lacks the task phrase", id="no length"),
        pytest.param(
            "inference",
            "tier.light, tier: S}",
            "tier.light, tier: S, novel: true}",
            "needs a last row",
            id="no last row",
        ),
    ],
)
def test_what_is_wrong_between_fields_is_shown_at_their_section(section: str, old: str, new: str, reason: str) -> None:
    fault = fault_of(edited(RULES_TEXT, old, new)[0])
    assert reason in fault.reason
    assert fault.line == RULES_TEXT[: RULES_TEXT.index(f"  {section}:")].count("\n") + 1


def test_a_list_that_does_not_end_is_shown_where_reading_stopped() -> None:
    text, line = edited(RULES_TEXT, "    bands_for_people: [medium, high]", "    bands_for_people: [medium")
    assert fault_of(text).line == line + 1


def test_a_route_to_an_unknown_playbook_is_refused_by_name() -> None:
    text, _ = edited(RULES_TEXT, "track_order: {playbook: tracking", "track_order: {playbook: trackin")
    fault = fault_of(text)
    assert "route 'track_order' leads to unknown playbook 'trackin'" in fault.reason
    assert fault.line == RULES_TEXT[: RULES_TEXT.index("default:")].count("\n") + 1


def test_returns_without_a_rule_for_everything_else_are_refused_at_the_tenants_line() -> None:
    text, line = edited(
        RULES_TEXT,
        "      - {clause: returns.general, days: {standard: 10, gold: 20}}",
        "      - {clause: returns.electronics, category: electronics, days: {standard: 10}}",
    )
    fault = fault_of(text)
    assert "tenant kirana" in fault.reason
    assert "without a category, region or dates" in fault.reason
    kirana = RULES_TEXT[: RULES_TEXT.index("  kirana:")].count("\n") + 1
    assert kirana <= fault.line <= line


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        pytest.param("region: IN, days: {standard: 9}", "two rules for one order", id="one region twice"),
        pytest.param(
            "region: IN, ordered_from: 2026-09-30, days: {standard: 9}", "two rules for one order", id="a day in common"
        ),
        pytest.param(
            "ordered_from: 2026-10-02, ordered_to: 2026-10-01, days: {standard: 9}",
            "ordered_to lies before ordered_from",
            id="an end before its beginning",
        ),
    ],
)
def test_windows_between_which_nothing_decides_are_refused(rule: str, reason: str) -> None:
    kept = "      - {clause: returns.general, days: {standard: 10, gold: 20}}"
    text, _ = edited(RULES_TEXT, kept, f"{kept}\n      - {{clause: returns.general, {rule}}}")
    fault = fault_of(text)
    assert "tenant kirana" in fault.reason
    assert reason in fault.reason


def test_windows_whose_days_follow_each_other_are_taken() -> None:
    kept = "      - {clause: returns.general, days: {standard: 10, gold: 20}}"
    later = "region: IN, ordered_from: 2026-10-01, days: {standard: 9}"
    text, _ = edited(RULES_TEXT, kept, f"{kept}\n      - {{clause: returns.general, {later}}}")
    assert len(parse(text, REPLY_TEXTS, "shipped")["kirana"].rules.returns) == 5


def test_a_tenants_mistake_is_shown_at_the_tenants_line() -> None:
    text, line = edited(RULES_TEXT, "      auto_limit: {EUR: 10000}", "      auto_limit: {EUR: lots}")
    assert fault_of(text).line == line


def test_every_fault_of_a_file_is_told_at_once() -> None:
    text, first = edited(RULES_TEXT, "    pay_attempts: 5", "    pay_attempts: 0")
    text, second = edited(text, "    settle_days: 10", "    settle_days: soon")
    assert [line for line, _ in fault_of(text).faults] == [first, second]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "42"], ids=["empty", "list", "words", "number"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    assert "expected a mapping" in fault_of(text).reason


BROKEN_REPLIES = {
    "an unknown placeholder": ("{signed_by}, says", "{signer}, says", "unknown placeholder 'signer'"),
    "an attribute of a fact": ("Refunds on order #{order}", "Refunds on order #{order.__class__}", "'order.__class__'"),
    "an item of a fact": ("Refunds on order #{order}", "Refunds on order #{order[0]}", "unknown placeholder"),
    "a format": ("Refunds on order #{order}", "Refunds on order #{order:>9}", "has a format"),
    "a format from a fact": ("Refunds on order #{order}", "Refunds on order #{order:{refunds}}", "has a format"),
    "a conversion": ("Refunds on order #{order}", "Refunds on order #{order!r}", "has a format"),
    "a place without a name": ("Refunds on order #{order}", "Refunds on order #{}", "unknown placeholder ''"),
    "an open brace": ("Refunds on order #{order}", "Refunds on order #{order", "not a template"),
    "an unknown sentence": ("no_refunds:", "no_refund:", "no_refund: extra inputs"),
    "a sentence twice": ("no_refunds:", "thanks:", "'thanks' is given twice"),
}


@pytest.mark.parametrize(("old", "new", "reason"), BROKEN_REPLIES.values(), ids=BROKEN_REPLIES.keys())
def test_broken_words_are_refused_with_file_line_and_reason(old: str, new: str, reason: str) -> None:
    text, line = edited(REPLY_TEXTS["en"], old, new)
    fault = fault_of(replies=REPLY_TEXTS | {"en": text})
    assert fault.source == ENGLISH
    assert (line, True) in [(at, reason in said) for at, said in fault.faults]


@pytest.mark.parametrize("tenants", ["", "tenants: {}\n"], ids=["absent", "empty"])
def test_a_rule_file_that_serves_nobody_is_refused(tenants: str) -> None:
    assert "tenants" in fault_of(RULES_TEXT[: RULES_TEXT.index("\ntenants:") + 1] + tenants).reason


def test_words_without_english_are_refused() -> None:
    fault = fault_of(replies={"de": REPLY_TEXTS["de"]})
    assert (fault.source, fault.line) == (ENGLISH, 1)
    assert "fallback" in fault.reason


def test_tenants_differ_where_they_say_so_and_nowhere_else() -> None:
    alpine = BUNDLES["alpenpost"].rules
    assert alpine.refunds.window_days == {"standard": 14, "gold": 30}
    assert alpine.refunds.auto_limit == {**STANDARD.rules.refunds.auto_limit} | {"EUR": 10_000}
    assert alpine.refunds.bands_for_people == (FraudBand.MEDIUM, FraudBand.HIGH)
    assert {rule.clause for rule in alpine.returns} == {"returns.general"}
    assert (alpine.playbooks, alpine.routes, alpine.talk) == (
        STANDARD.rules.playbooks, STANDARD.rules.routes, STANDARD.rules.talk,
    )  # fmt: skip


def test_a_tenant_without_differences_has_the_default_rules() -> None:
    assert BUNDLES["*"].rules == Rules.model_validate(yaml.safe_load(RULES_TEXT)["default"])
    assert {bundle.version for bundle in BUNDLES.values()} == {"2026-11-01"}
    assert {name: bundle.tenant for name, bundle in BUNDLES.items()} == {name: name for name in BUNDLES}


@pytest.mark.parametrize(
    ("language", "greeting"), [("en", "Hello"), ("de", "Guten Tag"), ("de-AT", "Guten Tag"), ("xx", "Hello")]
)
def test_words_are_in_the_customers_language_or_english(language: str, greeting: str) -> None:
    assert STANDARD.words(language).greeting.startswith(greeting)


def test_the_shipped_file_writes_out_the_matrix_rules_have_without_a_file() -> None:
    rules = STANDARD.rules.inference
    assert rules == InferenceRules(turn_usd=0.003, reword=rules.reword)


def test_a_tenant_can_have_other_budgets_and_keep_the_matrix() -> None:
    text = RULES_TEXT.replace("  alpenpost:\n", "  alpenpost:\n    inference: {turn_usd: 0.001, regions: [eu]}\n")
    bundles = parse(text, REPLY_TEXTS, "shipped")
    theirs, ours = bundles["alpenpost"].rules.inference, bundles["northwind"].rules.inference
    assert (theirs.turn_usd, theirs.regions, theirs.matrix) == (0.001, ("eu",), ours.matrix)
    assert (ours.turn_usd, ours.regions) == (0.003, ())


def test_a_bundle_comes_back_from_history_as_it_was() -> None:
    deployed = Deployed(name="planner", tier="S", region="local", context=8192, price=Price(input=0.03))
    with_models = STANDARD.model_copy(update={"fleet": (deployed,)})
    for bundle in (STANDARD, with_models):
        assert Bundle.model_validate_json(bundle.model_dump_json()) == bundle


def test_a_bundle_of_before_there_were_models_is_one_without_a_fleet() -> None:
    older = json.loads(STANDARD.model_dump_json())
    del older["fleet"], older["rules"]["inference"]
    older["rules"]["talk"]["model_when_unsure"] = True
    assert Bundle.model_validate(older).fleet == ()


def test_an_older_worker_reads_a_newer_bundle_and_ignores_what_it_does_not_know() -> None:
    newer = json.loads(STANDARD.model_dump_json())
    for part in (newer, newer["rules"], newer["rules"]["refunds"], newer["rules"]["talk"], newer["replies"]["en"]):
        part["invented_later"] = "?"
    assert Bundle.model_validate(newer) == STANDARD


def test_a_bundle_cannot_be_altered() -> None:
    with pytest.raises(ValidationError):
        STANDARD.version = "other"  # type: ignore[misc]  # that is the point


def test_the_longest_silence_is_the_policys() -> None:
    assert Rules.model_validate(STANDARD.rules.model_dump()).talk.silence.total_seconds() == 30 * 60
