"""Choose which tier of models a task goes to, and within which bounds: the routing matrix, the budgets, the fleet."""

from collections.abc import Mapping, Sequence
from typing import Literal

from policies.frozen import Fact
from policies.inference import (
    DETERMINISTIC,
    LADDER,
    NANO,
    Allowance,
    Deployed,
    InferenceRules,
    Row,
    Signals,
    Tier,
    Usage,
    cost,
)
from policies.verdict import Number


class TierChoice(Fact):
    """Where a task goes, by which rule, and what was looked at; without an allowance no model is asked."""

    allowance: Allowance | None = None
    tier: Literal["deterministic", "S", "M", "L"] = DETERMINISTIC
    rule: str
    numbers: Mapping[str, Number] = {}


def choose(signals: Signals, rules: InferenceRules, fleet: Sequence[Deployed], tenant: str) -> TierChoice:
    """Choose by the first row of the matrix that fits, from what is deployed where the tenant's words may go.

    `signals` say what is left of the turn as the rules bound it; the wish narrows that here. The projected cost of a
    tier is that of its cheapest deployment with nothing cached. A tier that costs more than is left is not allowed.
    """
    seconds, nano_usd = _left(signals, rules)
    numbers: dict[str, Number] = {
        "task": signals.task,
        "confidence": signals.confidence,
        "seconds": round(seconds, 3),
        "nano_usd": nano_usd,
        "calls": signals.calls_left,
    }

    def deterministic(rule: str) -> TierChoice:
        return TierChoice(rule=rule, numbers=numbers)

    if not signals.trusted:
        return deterministic("tier.not_trusted")
    if signals.task not in rules.tasks:
        return deterministic("tier.task_off")
    if signals.calls_left <= 0:
        return deterministic("tier.calls_spent")
    row = next((row for row in rules.matrix if _fits(row, signals, seconds, nano_usd)), None)
    if row is None or row.tier == DETERMINISTIC:
        return deterministic(row.rule if row else "tier.no_row")
    if seconds <= 0:
        return deterministic("tier.time_spent")
    costs = _projected(signals, rules, fleet)
    if not costs:
        return deterministic("tier.no_deployment")
    ladder = _ladder(row.tier, costs)
    tiers = tuple(tier for tier in ladder if costs[tier] <= nano_usd)
    rule = row.rule if tiers[:1] == ladder[:1] else "tier.cost_lowered"
    numbers |= {"row": row.rule, "row_tier": row.tier, "projected_nano_usd": costs[ladder[0]]}
    if not tiers:
        return deterministic(rule)
    calls = min(signals.calls_left, rules.calls_per_turn)
    allowance = Allowance(
        tenant=tenant,
        tiers=tiers,
        rule=rule,
        regions=rules.regions,
        calls=calls,
        seconds=seconds,
        nano_usd=nano_usd,
        # A hedged call is paid twice.
        hedge=rules.hedge and calls > 1 and 2 * costs[tiers[0]] <= nano_usd,
    )
    return TierChoice(allowance=allowance, tier=tiers[0], rule=rule, numbers=numbers)


def _left(signals: Signals, rules: InferenceRules) -> tuple[float, int]:
    """Seconds and money left: a wish bounds the whole turn, so what the turn has already taken counts against it."""
    seconds, nano_usd, wish = signals.seconds_left, signals.nano_usd_left, signals.wish
    if wish.within_ms is not None:
        taken = max(rules.turn_seconds - seconds, 0)
        seconds = min(seconds, wish.within_ms / 1000 - taken)
    if wish.at_most_usd is not None:
        spent = max(round(rules.turn_usd * NANO) - nano_usd, 0)
        nano_usd = min(nano_usd, round(wish.at_most_usd * NANO) - spent)
    return seconds, nano_usd


def _fits(row: Row, signals: Signals, seconds: float, nano_usd: int) -> bool:
    return (
        (not row.tasks or signals.task in row.tasks)
        and (not row.complexity or signals.complexity in row.complexity)
        and (not row.risk or signals.risk in row.risk)
        and (not row.quality or signals.wish.quality in row.quality)
        and (row.confidence_below is None or signals.confidence < row.confidence_below)
        and (row.novel is None or signals.novel == row.novel)
        and (row.seconds_below is None or seconds < row.seconds_below)
        and (row.usd_below is None or nano_usd < row.usd_below * NANO)
    )


def _projected(signals: Signals, rules: InferenceRules, fleet: Sequence[Deployed]) -> dict[Tier, int]:
    """What the task would cost in each tier that can take it: in an allowed region, with room for the answer."""
    usage = Usage(prompt=signals.prompt_tokens, completion=rules.expected_tokens[signals.task])
    costs: dict[Tier, int] = {}
    for each in fleet:
        allowed = not rules.regions or each.region in rules.regions
        if allowed and each.context >= usage.prompt + usage.completion:
            costs[each.tier] = min(cost(usage, each.price), costs.get(each.tier, cost(usage, each.price)))
    return costs


def _ladder(wanted: Tier, served: Mapping[Tier, int]) -> tuple[Tier, ...]:
    """The tier wanted and those below it, as far as they are served; with none of them, the nearest above.

    Only the nearest: a dearer one further up that happened to fit would make less money buy a higher tier.
    """
    at = LADDER.index(wanted)
    below = tuple(tier for tier in reversed(LADDER[: at + 1]) if tier in served)
    return below or tuple(tier for tier in LADDER[at + 1 :] if tier in served)[:1]
