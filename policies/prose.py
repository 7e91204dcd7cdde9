"""Find where written clauses say other numbers than the rules that decide, or say nothing of a rule."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from policies.bundle import RefundRules, ReturnWindowRule, Rules, Tier
from policies.chunks import Chunk, whole
from policies.clauses import EVERYWHERE
from policies.extracts import sentences
from policies.number_parts import Part, parts_of
from policies.releases import Finding

STANDARD = "standard"
DAY = "day"
# Which clause puts which number of the refund rules into words. Rules have no history: what holds now is compared.
REFUND_CLAUSES: Mapping[str, Callable[[RefundRules], Mapping[Tier, int]]] = {
    "disputes.window": lambda refunds: refunds.window_days,
    "disputes.late": lambda refunds: {STANDARD: refunds.late_after_days},
}


def differences(chunks: Sequence[Chunk], rules: Rules, on: date | None = None) -> tuple[Finding, ...]:
    """Compare the clauses of one tenant with its rules, language by language.

    A return window is compared with the rule that governs orders of each day on which the clause is in force. Refund
    clauses are compared where they hold `on` a day; without one, those that hold until further notice.
    """
    sections = list(_sections(chunks))
    found = [
        finding
        for section in sections
        for days in _governing(section, sections, rules.returns)
        if (finding := _compare(section, days))
    ]
    for section in sections:
        numbers = REFUND_CLAUSES.get(section.section)
        if numbers and (section.holds_on(on) if on else section.effective_to is None):
            found += filter(None, [_compare(section, numbers(rules.refunds))])
    return *found, *_unwritten(sections, rules.returns)


def _sections(chunks: Sequence[Chunk]) -> Iterator[Chunk]:
    """Join the parts of each section into one chunk."""
    wanted = sorted(chunks, key=lambda chunk: (*_place(chunk), chunk.part))
    for _, parts in groupby(wanted, _place):
        held = list(parts)
        yield held[0].model_copy(update={"text": whole(held)})


def _place(chunk: Chunk) -> tuple[str, ...]:
    scope = (chunk.region, chunk.language, chunk.category, chunk.tier)
    return chunk.document, chunk.version, chunk.section, *scope, chunk.effective_from.isoformat(), chunk.source


def _governing(
    section: Chunk, sections: Sequence[Chunk], rules: Sequence[ReturnWindowRule]
) -> Iterator[Mapping[Tier, int]]:
    """Give the windows that the rules have for a clause while it is in force, each once."""
    seen: list[Mapping[Tier, int]] = []
    for rule in _applied(section, sections, rules):
        if rule.days not in seen:
            seen.append(rule.days)
            yield rule.days


def _applied(
    section: Chunk, sections: Sequence[Chunk], rules: Sequence[ReturnWindowRule]
) -> Iterator[ReturnWindowRule]:
    named = [rule for rule in rules if rule.clause == section.section]
    for category in {rule.category for rule in named}:
        alike = [rule for rule in named if rule.category == category]
        for region in _regions(section, sections, alike):
            for day in _turns(section, alike):
                held = [rule for rule in alike if rule.governs(category or "", region, day)]
                if held:
                    yield max(held, key=lambda rule: rule.narrowness)


def _regions(section: Chunk, sections: Sequence[Chunk], rules: Sequence[ReturnWindowRule]) -> set[str]:
    """A clause for all regions has to state the rule of each region that has no clause of its own."""
    if section.region != EVERYWHERE:
        return {section.region}
    own = {each.region for each in sections if each.section == section.section and each.language == section.language}
    return {EVERYWHERE} | {rule.region for rule in rules if rule.region} - own


def _turns(section: Chunk, rules: Sequence[ReturnWindowRule]) -> set[date]:
    """Give the days on which another rule may begin to govern, within the time the clause is in force."""
    starts = {rule.ordered_from for rule in rules if rule.ordered_from}
    starts |= {rule.ordered_to + timedelta(days=1) for rule in rules if rule.ordered_to}
    return {section.effective_from} | {day for day in starts if section.holds_on(day)}


def _compare(section: Chunk, days: Mapping[Tier, int]) -> Finding | None:
    """Report the tiers whose number of days a clause does not state."""
    tiers = days if section.tier == EVERYWHERE else {section.tier: days.get(section.tier, days[STANDARD])}
    said = {tier: _stated(section, tier, days) for tier in tiers}
    wrong = [tier for tier in tiers if tiers[tier] not in said[tier]]
    if not wrong:
        return None
    prose = "; ".join(f"{tier}: {', '.join(map(str, sorted(said[tier]))) or 'no number of'} days" for tier in wrong)
    rule = "; ".join(f"{tier}: {tiers[tier]} days" for tier in wrong)
    return Finding(
        kind="differs_from_rules",
        source=section.source,
        where=f"{section.document} {section.version}, {section.section}",
        says=f"the text says {prose}, the rules say {rule}; correct whichever is wrong",
    )


def _stated(section: Chunk, tier: str, days: Mapping[Tier, int]) -> set[int]:
    """Read the days a clause states for a tier: where it names the tier, else what it first says of everybody."""
    groups = [_day_parts(each.spoken, section.language) for each in sentences(section.text)]
    others = [name for name in days if name != STANDARD]
    if tier != STANDARD and section.tier == EVERYWHERE:
        naming = [part for group in groups for part in group if tier.casefold() in part.text.casefold()]
        if naming:
            return _days(naming)
    general = [
        [part for part in group if not any(name.casefold() in part.text.casefold() for name in others)]
        for group in groups
    ]
    return _days(next(filter(None, groups if section.tier != EVERYWHERE else general), []))


def _day_parts(sentence: str, language: str) -> list[Part]:
    return [part for part in parts_of(sentence, language) if _days([part])]


def _days(parts: Sequence[Part]) -> set[int]:
    return {int(number.value) for part in parts for number in part.numbers if number.unit == DAY}


def _unwritten(sections: Sequence[Chunk], rules: Sequence[ReturnWindowRule]) -> Iterator[Finding]:
    written = [rule for section in sections for rule in _applied(section, sections, rules)]
    for rule in rules:
        if rule not in written:
            when = f" for orders from {rule.ordered_from or 'ever'} to {rule.ordered_to or 'further notice'}"
            yield Finding(
                kind="rule_without_clause",
                source="rules.yaml",
                where=rule.clause,
                says=f"no document has the clause {rule.clause} in region {rule.region or EVERYWHERE}"
                f"{when if rule.ordered_from or rule.ordered_to else ''}, yet the rules name it and say "
                f"{rule.days[STANDARD]} days; write it, or take the rule away",
            )
