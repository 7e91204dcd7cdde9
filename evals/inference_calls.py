"""What the calls of an evaluation took: tokens, money and time, by task, and what a turn would take."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from evals.inference_tried import ANSWERED, Tried
from policies.inference import NANO, Task, spent

# What a turn asks of models at most: one plan, then words for what was done or for what the policy says.
TURNS: Mapping[str, tuple[Task, ...]] = {
    "plans and phrases": ("propose", "phrase"),
    "plans and answers": ("propose", "answer"),
}

UNSENT = {"no_model": "longer than the model's context", "no_clause": "each clause reads like an order to a model"}


@dataclass(frozen=True)
class Spread:
    """Milliseconds that half, and 95 of 100, stay within."""

    p50: int
    p95: int


@dataclass(frozen=True)
class Took:
    """Means over the cases of a task; money counts all calls, time only those that were answered.

    `usd` is for one case. `tokens_a_second` is while decoding, after the first token; None where nothing took time.
    """

    task: Task
    cases: int
    calls: int
    prompt: float
    cached: float
    completion: float
    usd: float
    first_token: Spread | None
    total: Spread | None
    tokens_a_second: float | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def took(tried: Sequence[Tried]) -> list[Took]:
    """Add up the calls of each task, in the order the tasks come."""
    tasks = dict.fromkeys(each.task for each in tried)
    return [_of_task(task, [each for each in tried if each.task == task]) for task in tasks]


def failures(tried: Sequence[Tried]) -> dict[str, int]:
    """Count calls that brought no answer by their outcome, and cases for which none was sent."""
    calls = Counter[str](call.outcome for each in tried for call in each.calls if call.outcome not in ANSWERED)
    unsent = Counter(f"not sent ({UNSENT.get(each.why, each.why)})" for each in tried if not each.calls)
    return dict(sorted((calls + unsent).items()))


def turns(measured: Sequence[Took]) -> dict[str, float]:
    """Reckon what turns would cost in US dollars, from the mean of each task they ask."""
    usd = {each.task: each.usd for each in measured}
    return {name: sum(usd[task] for task in tasks) for name, tasks in TURNS.items() if usd.keys() >= set(tasks)}


def table(measured: Sequence[Took]) -> str:
    lines = [
        f"{'':<10} {'':>6} {'':>6} {'prompt':>7} {'cached':>7} {'answer':>7} {'USD':>9}  {'first token ms':>15} "
        f"{'answer ms':>15}",
        f"{'task':<10} {'cases':>6} {'calls':>6} {'tokens':>7} {'share':>7} {'tokens':>7} {'per 1000':>9}  "
        f"{'p50 / p95':>15} {'p50 / p95':>15} {'tokens/s':>9}",
    ]
    for each in measured:
        speed = "–" if each.tokens_a_second is None else f"{each.tokens_a_second:.1f}"
        lines.append(
            f"{each.task:<10} {each.cases:>6} {each.calls:>6} {each.prompt:>7.0f} {each.cached:>7.1%} "
            f"{each.completion:>7.0f} {1000 * each.usd:>9.4f}  {_spread(each.first_token):>15} "
            f"{_spread(each.total):>15} {speed:>9}"
        )
    return "\n".join(lines)


def _of_task(task: Task, tried: Sequence[Tried]) -> Took:
    calls = [call for each in tried for call in each.calls]
    answered = [call for call in calls if call.outcome in ANSWERED and call.usage.completion]
    prompt = sum(call.usage.prompt for call in answered)
    completion = sum(call.usage.completion for call in answered)
    decoding = sum(call.decode_ms for call in answered) / 1000
    # The first token of each answer was there before its decoding is counted.
    decoded = completion - len(answered)
    return Took(
        task=task,
        cases=len(tried),
        calls=len(calls),
        prompt=prompt / max(len(answered), 1),
        cached=sum(call.usage.cached for call in answered) / max(prompt, 1),
        completion=completion / max(len(answered), 1),
        usd=spent(calls) / NANO / len(tried),
        first_token=_percentiles([call.first_token_ms for call in answered]),
        total=_percentiles([call.first_token_ms + call.decode_ms for call in answered]),
        tokens_a_second=decoded / decoding if decoding and decoded > 0 else None,
    )


def _percentiles(times: Sequence[int]) -> Spread | None:
    ranked = sorted(times)
    return Spread(*(ranked[ceil(share * len(ranked)) - 1] for share in (0.5, 0.95))) if ranked else None


def _spread(spread: Spread | None) -> str:
    return f"{spread.p50} / {spread.p95}" if spread else "–"


def failed_lines(tried: Sequence[Tried], said: Mapping[str, int]) -> Iterator[str]:
    """Say what failed, and in the server's terms why."""
    failed = failures(tried)
    yield "calls failed: " + (", ".join(f"{times} {outcome}" for outcome, times in failed.items()) or "none")
    yield from (f"  {times} × {what}" for what, times in sorted(said.items(), key=lambda pair: -pair[1])[:5])
