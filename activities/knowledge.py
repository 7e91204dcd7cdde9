"""Policy clauses found by meaning, among those in force for the customer who asks."""

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import structlog

from activities.encoder import Encoder, Vectors
from activities.screening import Screen
from policies.documents import PolicyClause, parse
from policies.facts import Clause, Injection

ENOUGH = 0.35
BEST = 4
LONGEST_QUERY = 1_000
log = structlog.get_logger(__name__)


class Knowledge:
    """Dense nearest neighbour over clauses; a clause is embedded once for each content it ever had."""

    def __init__(self, encoder: Encoder, clauses: Sequence[PolicyClause], screen: Screen | None = None) -> None:
        """Embed the clauses; one that `screen` takes for instructions to the machine is logged and never found."""
        self._encoder = encoder
        self._screen = screen
        self._known: dict[str, Vectors] = {}
        self.replace(clauses)

    def replace(self, clauses: Sequence[PolicyClause]) -> None:
        """Search these clauses from now on; only texts not seen before are embedded."""
        clauses = self._harmless(clauses)
        texts = {_content_key(clause): f"{clause.clause.title}. {clause.clause.text}" for clause in clauses}
        new = [key for key in texts if key not in self._known]
        rows = self._encoder.encode([texts[key] for key in new])
        self._known |= dict(zip(new, rows, strict=True))
        self._clauses = [(clause, self._known[_content_key(clause)]) for clause in clauses]

    def _harmless(self, clauses: Sequence[PolicyClause]) -> Sequence[PolicyClause]:
        if self._screen is None:
            return clauses
        kept = []
        found = self._screen.passages([f"{policy.clause.title}\n{policy.clause.text}" for policy in clauses])
        for policy, screening in zip(clauses, found, strict=True):
            if screening.verdict is Injection.ALLOW:
                kept.append(policy)
            else:
                log.error(
                    "clause.left_out", clause=policy.clause.clause_id, worst=screening.worst, score=screening.score
                )
        return kept

    async def search(self, query: str, tenant: str, region: str, on: date) -> tuple[Clause, ...]:
        """Find the clauses that speak of `query`, best first, each with its cosine as score; empty when none does."""
        held = [(policy.clause, row) for policy, row in self._clauses if policy.holds(tenant, region, on)]
        if not held or not query.strip():
            return ()
        asked = (await self._encoder.batcher.encode([query[:LONGEST_QUERY]]))[0]
        scores = np.stack([row for _, row in held]) @ asked
        best = np.argsort(-scores, kind="stable")[:BEST]
        return tuple(
            held[at][0].model_copy(update={"score": round(float(scores[at]), 4)}) for at in best if scores[at] >= ENOUGH
        )


def read_documents(folder: Path) -> tuple[PolicyClause, ...]:
    """Read `<tenant>/*.md` under a folder; raises BadFile naming file, line and reason."""
    paths = sorted(folder.glob("*/*.md"))
    texts = ((path, path.read_text(encoding="utf-8")) for path in paths)
    return tuple(clause for path, text in texts for clause in parse(text, str(path), path.parent.name))


def _content_key(policy: PolicyClause) -> str:
    return hashlib.sha256(f"{policy.clause.title}\0{policy.clause.text}".encode()).hexdigest()
