"""Strangers' corpora and questions: what cannot be read is named by its line, and scores are what textbooks say."""

from datetime import date
from pathlib import Path

import pytest

from evals.knowledge_scores import score
from evals.knowledge_sets import BadLine, read_corpus, read_queries


def _written(folder: Path, *lines: str) -> Path:
    path = folder / "set.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_passage_is_one_chunk_with_its_metadata(tmp_path: Path) -> None:
    metadata = '{"title": "Blankets", "region": "US", "effective_to": "2026-09-30"}'
    line = f'{{"id": "p1", "text": "SKU-9942-B", "metadata": {metadata}}}'
    ((tenant, (chunk,)),) = read_corpus(_written(tmp_path, line, "")).items()
    assert (tenant, chunk.section, chunk.heading, chunk.region) == ("corpus", "p1", "Blankets", "US")
    assert chunk.codes == ("sku_9942_b",)
    assert chunk.effective_to == date(2026, 9, 30)
    assert chunk.chunk_id


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (('{"id": "a", "text": "x"}', '{"id": "b"}'), "line 2: text"),
        (('{"id": "a", "text": "x", "metadata": {"colour": "red"}}',), "line 1: metadata.colour"),
        (("rubbish",), "line 1: Invalid JSON"),
        (('{"id": "a", "text": "x"}', "", '{"id": "a", "text": "y"}'), "line 3: id 'a' stands in line 1 already"),
        (('{"id": "a", "text": "x", "metadata": {"tenant": "../b"}}',), "line 1: metadata.tenant"),
    ],
)
def test_a_line_that_is_no_passage_is_named(tmp_path: Path, lines: tuple[str, ...], says: str) -> None:
    with pytest.raises(BadLine, match=says):
        read_corpus(_written(tmp_path, *lines))


def test_a_question_about_a_passage_that_is_not_there_is_refused(tmp_path: Path) -> None:
    asked = _written(
        tmp_path, '{"qid": "1", "query": "x", "relevant": ["a"]}', '{"qid": "2", "query": "x", "relevant": ["b"]}'
    )
    with pytest.raises(BadLine, match="line 2: relevant names 'b'"):
        read_queries(asked, {"a"})


def test_scores_are_those_of_textbooks() -> None:
    scores = score("dense", [(["x", "a"], {"a"}), (["b", "x"], {"b"}), (["x"], {"c"}), (list("uvwxyz"), {"u", "z"})])
    assert scores
    assert scores.hit_1 == pytest.approx(2 / 4)
    assert scores.hit_5 == pytest.approx(3 / 4)
    assert scores.recall_5 == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    assert scores.mrr == pytest.approx((1 / 2 + 1 + 0 + 1) / 4)
    assert scores.ndcg_10 == pytest.approx((0.63093 + 1 + 0 + (1 + 0.35621) / 1.63093) / 4, abs=1e-4)
    assert score("dense", []) is None
