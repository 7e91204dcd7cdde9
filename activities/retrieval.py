"""Find the clauses that answer a question: search by three legs, fuse, rank again, and judge whether to answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from activities.cross_encoder import Reranker
from activities.embedding import Embedder, Question
from activities.encoder import Vectors
from activities.errors import Rejected
from activities.late_interaction import likeness
from activities.ports import KnowledgeIndex
from activities.tools.search_policy import PolicyHits
from policies.chunks import Chunk, clause_of, whole
from policies.clauses import Clause
from policies.ranking import Candidate, Signs, closeness, confidence, guard, rerank
from policies.retrieval import Hit, Path, RetrievalRules, Scope, fuse
from policies.terms import terms_of

MOST_CLAUSES = 4
# Of a section longer than these, the parts around the one found are shown.
MOST_PARTS = 8


@dataclass(frozen=True)
class Trace:
    """How a search went: each stage's ranking, and what came of it.

    `stages`: the legs by name, then `fused` and, on the accurate path, `reranked`. `codes`: those asked for.
    """

    stages: Mapping[str, Sequence[Hit]]
    codes: tuple[str, ...]
    signs: Signs | None
    confidence: float
    clauses: tuple[Clause, ...]


NOTHING = Trace(stages={}, codes=(), signs=None, confidence=0.0, clauses=())


class Retriever:
    """Searches one tenant's documents; what it finds is in force for whoever asks."""

    def __init__(self, index: KnowledgeIndex, embedder: Embedder, reranker: Reranker | None = None) -> None:
        self._index = index
        self._embedder = embedder
        self._reranker = reranker

    async def find(self, query: str, scope: Scope, language: str, path: Path, rules: RetrievalRules) -> PolicyHits:
        """Give the clauses that answer, best first; none for a tenant without documents. Raises Unavailable."""
        found = await self.trace(query, scope, language, path, rules)
        answers = found.confidence >= rules.enough
        return PolicyHits(clauses=found.clauses if answers else (), confidence=round(found.confidence, 3))

    async def trace(self, query: str, scope: Scope, language: str, path: Path, rules: RetrievalRules) -> Trace:
        """Search in the customer's language, then in all where that does not answer; gives the surer of both."""
        asked = await self._embedder.ask(query, language)
        if not asked.terms:
            return NOTHING
        try:
            first = scope if scope.languages else scope.model_copy(update={"languages": (language,)})
            own = await self._look(query, asked, first, path, rules)
            if own.confidence >= rules.enough or scope.languages:
                return own
            every = await self._look(query, asked, scope, path, rules)
        except Rejected as refusal:
            if refusal.reason == "tenant_unknown":
                return NOTHING
            raise
        return max(own, every, key=lambda found: found.confidence)

    async def _look(self, query: str, asked: Question, scope: Scope, path: Path, rules: RetrievalRules) -> Trace:
        legs = await self._index.search(scope, asked, path, rules.pool)
        fused = fuse(legs, rules.weights)
        pool = [hit.chunk_id for hit in fused[: rules.pool if path == "accurate" else MOST_CLAUSES]]
        if not pool:
            return NOTHING
        chunks = await self._index.chunks(scope.tenant, pool)
        candidates = await self._candidates(scope.tenant, asked, [chunks[each] for each in pool if each in chunks])
        if not candidates:
            return NOTHING
        stages: dict[str, Sequence[Hit]] = {**{str(leg): hits for leg, hits in legs.items()}, "fused": fused}
        if path == "accurate":
            ranked = rerank(await self._judged(query, candidates, chunks))
            stages["reranked"] = [Hit(chunk_id=each.chunk_id, score=score) for each, score in ranked]
        else:
            scores = {hit.chunk_id: hit.score for hit in fused}
            ranked = guard((each, scores[each.chunk_id]) for each in candidates)
        signs = _signs(asked, ranked[0][0], chunks[ranked[0][0].chunk_id], bool(legs.get("exact")))
        clauses = await self._clauses(scope.tenant, [(chunks[each.chunk_id], score) for each, score in ranked])
        return Trace(stages=stages, codes=asked.codes, signs=signs, confidence=confidence(signs), clauses=clauses)

    async def _candidates(self, tenant: str, asked: Question, chunks: Sequence[Chunk]) -> list[Candidate]:
        """Compare the question with each chunk, whichever leg found it."""
        embedded = await self._index.embedded(tenant, [chunk.chunk_id for chunk in chunks])
        known = [chunk for chunk in chunks if chunk.chunk_id in embedded]
        shares = likeness(asked.tokens, asked.weights, [embedded[chunk.chunk_id].tokens for chunk in known])
        return [
            Candidate(
                chunk_id=chunk.chunk_id,
                cosine=_cosine(chunk, embedded[chunk.chunk_id].vectors @ asked.vector),
                likeness=float(share),
                codes=len(set(chunk.codes) & set(asked.codes)),
            )
            for chunk, share in zip(known, shares, strict=True)
        ]

    async def _judged(
        self, query: str, candidates: list[Candidate], chunks: Mapping[str, Chunk]
    ) -> Sequence[Candidate]:
        if self._reranker is None:
            return candidates
        scores = await self._reranker.judge(query, [chunks[each.chunk_id].told for each in candidates])
        return [each.model_copy(update={"judged": score}) for each, score in zip(candidates, scores, strict=True)]

    async def _clauses(self, tenant: str, ranked: Sequence[tuple[Chunk, float]]) -> tuple[Clause, ...]:
        """Show the first sections of a ranking, each once and with its text around the part that was found."""
        shown: dict[tuple[str, ...], Clause] = {}
        for chunk, score in ranked:
            key = (
                chunk.document,
                chunk.version,
                chunk.section,
                chunk.region,
                chunk.language,
                chunk.category,
                chunk.tier,
            )
            if key not in shown:
                shown[key] = await self._clause(tenant, chunk, score)
            if len(shown) == MOST_CLAUSES:
                break
        return tuple(shown.values())

    async def _clause(self, tenant: str, chunk: Chunk, score: float) -> Clause:
        """Show the section a chunk stands in; what is disputed of one part is of the whole."""
        parts = list(await self._index.section(tenant, chunk)) if chunk.parts > 1 else []
        if not parts:
            return clause_of(chunk, chunk.text, score)
        first = max(0, min(chunk.part - MOST_PARTS // 2, len(parts) - MOST_PARTS))
        clause = clause_of(chunk, whole(parts[first : first + MOST_PARTS]), score)
        return clause.model_copy(update={"disputed": any(part.disputed for part in parts)})


def _cosine(chunk: Chunk, cosines: Vectors) -> float:
    # What a chunk is asked is embedded behind the windows of its text.
    own = len(cosines) - len(chunk.asked)
    return closeness(cosines[:own].tolist(), cosines[own:].tolist())


def _signs(asked: Question, best: Candidate, chunk: Chunk, found: bool) -> Signs:
    terms = set(terms_of(chunk.indexed, chunk.language))
    return Signs(
        cosine=best.cosine,
        likeness=best.likeness,
        covered=sum(term in terms for term in asked.terms) / len(asked.terms),
        terms=len(asked.terms),
        matter=asked.matter,
        foreign=asked.foreign,
        asked=bool(chunk.asked),
        found=best.codes > 0,
        missed=not found and bool(set(asked.codes) - asked.own),
        bare=set(asked.terms) <= set(asked.codes),
    )
