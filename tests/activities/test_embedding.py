"""Passages are read whole in windows, questions as they are meant, and late interaction finds who speaks of them."""

from datetime import date

import numpy as np
import pytest

from activities import late_interaction
from activities.embedding import Embedder
from activities.encoder import Encoder
from activities.intent_files import read_intents
from activities.late_interaction import STEPS, Lens, likeness
from policies.chunks import Chunk
from workers.settings import read_settings


@pytest.fixture(scope="module")
def lens(encoder: Encoder) -> Lens:
    settings = read_settings()
    return late_interaction.fit(encoder, read_intents(settings.intent_folder).shipped, settings.model_cache)


@pytest.fixture(scope="module")
def embedder(encoder: Encoder, lens: Lens) -> Embedder:
    return Embedder(encoder, lens)


def _chunk(text: str, heading: str = "Returns › Return window", asked: tuple[str, ...] = ()) -> Chunk:
    return Chunk(
        document="returns",
        title="Returns",
        version="1",
        section="window",
        heading=heading,
        text=text,
        asked=asked,
        effective_from=date(2026, 1, 1),
        source="returns.md",
    ).sealed("northwind")


LONG = " ".join(f"Clause {at}: item number {at} may go back within {at} days." for at in range(120))


async def test_a_passage_is_embedded_under_its_id(embedder: Embedder) -> None:
    chunks = [_chunk("You have 30 days to return an item."), _chunk("Delivery is free from $50.", "Delivery › Cost")]
    found = await embedder.embed(chunks)
    assert set(found) == {chunk.chunk_id for chunk in chunks}
    for each in found.values():
        assert each.vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(each.vectors, axis=1), 1, atol=1e-5)
        assert each.tokens.dtype == np.int8
        assert np.allclose(np.linalg.norm(each.tokens / STEPS, axis=1), 1, atol=0.05)


async def test_neighbours_in_a_batch_change_nothing(embedder: Embedder) -> None:
    chunks = [_chunk(f"Parcel {at} is late. " * (1 + at % 9)) for at in range(20)]
    together = await embedder.embed(chunks)
    for chunk in chunks[::7]:
        alone = (await embedder.embed([chunk]))[chunk.chunk_id]
        assert (together[chunk.chunk_id].vectors * alone.vectors).sum(axis=1).min() > 0.995
        assert together[chunk.chunk_id].tokens.shape == alone.tokens.shape


async def test_every_word_of_a_long_passage_is_read(embedder: Embedder, encoder: Encoder, lens: Lens) -> None:
    chunk = _chunk(LONG)
    found = (await embedder.embed([chunk]))[chunk.chunk_id]
    assert len(found.vectors) >= embedder.count(LONG) / encoder.longest
    (pieces,) = encoder.pieces([chunk.indexed])
    assert len(found.tokens) == lens.kept[pieces].sum()


@pytest.mark.parametrize(
    "text",
    ["", " \n", "🙂", "a" * 5_000, "退货" * 1_500, "|a|b|\n" * 400, "नीति " * 600],
    ids=["empty", "blank", "emoji", "one word", "no blanks", "table", "hindi"],
)
async def test_odd_passages_are_embedded_too(embedder: Embedder, text: str) -> None:
    chunk = _chunk(text, heading="")
    found = (await embedder.embed([chunk]))[chunk.chunk_id]
    assert np.isfinite(found.vectors).all()
    assert found.tokens.shape[1] == late_interaction.DIMENSIONS


async def test_a_heading_longer_than_the_model_reads_leaves_room_for_the_text(embedder: Embedder) -> None:
    chunk = _chunk(LONG, heading="Very long heading, " * 60)
    assert len((await embedder.embed([chunk]))[chunk.chunk_id].vectors) > 5


async def test_what_a_passage_is_asked_stands_behind_its_own_windows(embedder: Embedder) -> None:
    asked = ("can I send it back", "what does delivery cost")
    found = (await embedder.embed([chunk := _chunk(LONG, asked=asked)]))[chunk.chunk_id]
    own = (await embedder.embed([bare := _chunk(LONG)]))[bare.chunk_id]
    assert (found.vectors[: -len(asked)] * own.vectors).sum(axis=1).min() > 0.995
    for question, vector in zip(asked, found.vectors[-len(asked) :], strict=True):
        assert vector @ (await embedder.ask(question, "en")).vector > 0.9
    assert len(found.tokens) > len(own.tokens)


async def test_only_english_is_at_home_in_the_model(embedder: Embedder) -> None:
    assert not (await embedder.ask("how long can I return it", "en-GB")).foreign
    assert (await embedder.ask("wie lange ist die Frist", "de")).foreign


async def test_nothing_to_embed_is_nothing(embedder: Embedder) -> None:
    assert await embedder.embed([]) == {}


async def test_a_question_finds_the_passage_that_speaks_of_it(embedder: Embedder) -> None:
    right = _chunk("Delivery is free from $50; below that it costs $5.95.", "Delivery › What delivery costs")
    wrong = _chunk("Gift cards cannot be returned.", "Returns › What cannot be returned")
    asked = await embedder.ask("how much is shipping?", "en")
    found = await embedder.embed([right, wrong])
    shares = likeness(asked.tokens, asked.weights, [found[each.chunk_id].tokens for each in (right, wrong)])
    assert shares[0] > shares[1] + 0.1
    cosines = [float((found[each.chunk_id].vectors @ asked.vector).max()) for each in (right, wrong)]
    assert cosines[0] > cosines[1] + 0.1


@pytest.mark.parametrize("query", ["", "🙂🙂", "what is it", "[email_1]", "   "])
async def test_a_question_without_a_word_to_search_for_has_no_terms(embedder: Embedder, query: str) -> None:
    asked = await embedder.ask(query, "en")
    assert not asked.terms
    assert not asked.codes
    assert np.isfinite(asked.vector).all()


async def test_idle_talk_is_told_from_a_matter_of_an_order(embedder: Embedder) -> None:
    idle = [await embedder.ask(query, "en") for query in ("tell me a joke", "how do I cook rice", "is this shirt red")]
    matters = [await embedder.ask(query, "en") for query in ("when do I get my refund", "how can I return my order")]
    assert max(each.matter for each in idle) < min(each.matter for each in matters)


def test_counting_reads_a_text_to_its_end(embedder: Embedder) -> None:
    assert embedder.count("") == 0
    assert embedder.count("return window") == 2
    assert embedder.count("return window " * 1_000) == 2_000


def test_what_is_stored_depends_neither_on_the_intents_nor_on_what_runs_the_model(
    encoder: Encoder, embedder: Embedder, lens: Lens
) -> None:
    intents = read_intents(read_settings().intent_folder).shipped
    fewer = [intent.model_copy(update={"exemplars": {"en": intent.said[:5]}}) for intent in intents]
    exact = Encoder(exact=True)
    other = late_interaction.fit(exact, fewer)
    (states,) = encoder.read(["You can return most items within 45 days; das Paket kam am Montag."]).states
    assert (other.see(states) * lens.see(states)).sum(axis=1).min() > 0.97
    assert Embedder(exact, other).fingerprint == embedder.fingerprint


def test_a_passage_without_tokens_speaks_of_nothing() -> None:
    some = np.full((3, 4), 63, dtype=np.int8)
    none = np.zeros((0, 4), dtype=np.int8)
    asked = np.full((2, 4), 0.5, dtype=np.float32)
    shares = likeness(asked, np.ones(2, dtype=np.float32), [none, some, none, some])
    assert shares[0] == shares[2] == 0
    assert np.isclose(shares[1], 1, atol=0.02)
    assert shares[1] == shares[3]
    assert likeness(asked, np.ones(2, dtype=np.float32), []).shape == (0,)
    assert not likeness(asked[:0], np.ones(0, dtype=np.float32), [some]).any()
