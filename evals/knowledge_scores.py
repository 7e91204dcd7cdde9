"""How good rankings are: hit rates, reciprocal rank and discounted gain, over the questions that have an answer."""

import math
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

DEPTH = 10


@dataclass(frozen=True)
class Scores:
    """The mean over `rows` questions of one stage; a ranking counts as far as it goes, MRR to its end."""

    stage: str
    rows: int
    hit_1: float
    hit_5: float
    recall_5: float
    mrr: float
    ndcg_10: float

    def as_json(self) -> dict[str, Any]:
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


def score(stage: str, rankings: Sequence[tuple[Sequence[str], Collection[str]]]) -> Scores | None:
    """Score pairs of a ranking, best first, and what is relevant; None without pairs. Every relevant one counts 1."""
    if not rankings:
        return None
    ranks = [_first(ranked, relevant) for ranked, relevant in rankings]
    return Scores(
        stage=stage,
        rows=len(rankings),
        hit_1=fmean(rank == 1 for rank in ranks),
        hit_5=fmean(0 < rank <= 5 for rank in ranks),
        recall_5=fmean(len(set(ranked[:5]) & set(relevant)) / len(relevant) for ranked, relevant in rankings),
        mrr=fmean(1 / rank if rank else 0.0 for rank in ranks),
        ndcg_10=fmean(_gain(ranked, relevant) for ranked, relevant in rankings),
    )


def table(scores: Sequence[Scores]) -> str:
    lines = [f"{'stage':<12} {'rows':>6} {'hit@1':>7} {'hit@5':>7} {'recall@5':>9} {'MRR':>7} {'nDCG@10':>8}"]
    lines += [
        f"{each.stage:<12} {each.rows:>6} {each.hit_1:>7.3f} {each.hit_5:>7.3f} {each.recall_5:>9.3f} "
        f"{each.mrr:>7.3f} {each.ndcg_10:>8.3f}"
        for each in scores
    ]
    return "\n".join(lines)


def _first(ranked: Sequence[str], relevant: Collection[str]) -> int:
    """Give the rank of the first relevant one, from 1; 0 where there is none."""
    return next((rank for rank, each in enumerate(ranked, 1) if each in relevant), 0)


def _gain(ranked: Sequence[str], relevant: Collection[str]) -> float:
    found = sum(1 / math.log2(rank + 1) for rank, each in enumerate(ranked[:DEPTH], 1) if each in relevant)
    return found / sum(1 / math.log2(rank + 1) for rank in range(1, min(len(relevant), DEPTH) + 1))
