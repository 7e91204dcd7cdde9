"""The encoder says what its model says, faster; its graph survives kills and races; its queue is fair."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from activities.encoder import Batcher, Encoder, Vectors

TEXTS = (
    "where is my parcel",
    "I'd like to send back two of the shoes, as they are too small; please refund €12.50!",
    "Wo bleibt mein Paket?",
    "",
    "🙂",
    "cancel it",
    "the lamp came broken " * 200,
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("graphs")


@pytest.fixture(scope="module")
def encoder(cache: Path) -> Encoder:
    return Encoder(cache=cache)


@pytest.fixture(scope="module")
def exact() -> Encoder:
    return Encoder(exact=True)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a few hundred weights, saved as sentence-transformers saves one."""
    return _tiny_model(tmp_path_factory.mktemp("tiny"), pooling="mean")


def _tiny_model(folder: Path, pooling: str) -> Path:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "aeiou")]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    torch.manual_seed(7)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=64, **shape)).save_pretrained(folder / "bert")
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    bert = Transformer(str(folder / "bert"), max_seq_length=48)
    SentenceTransformer(modules=[bert, Pooling(32, pooling_mode=pooling)], device="cpu").save(str(folder / "whole"))
    return folder / "whole"


def _likeness(one: Vectors, other: Vectors) -> np.ndarray:
    return (one * other).sum(axis=1)


def test_the_graph_says_what_torch_says(encoder: Encoder, exact: Encoder) -> None:
    assert _likeness(encoder.encode(TEXTS), exact.encode(TEXTS)).min() > 0.98


def test_a_text_has_one_vector_whoever_lies_beside_it(encoder: Encoder) -> None:
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert _likeness(encoder.encode(TEXTS), alone).min() > 0.995
    assert _likeness(encoder.encode(TEXTS[::-1])[::-1], alone).min() > 0.995


def test_rows_have_length_one(encoder: Encoder) -> None:
    rows = encoder.encode(TEXTS)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_reading_gives_the_rows_of_encoding_and_a_state_for_every_token(encoder: Encoder) -> None:
    read = encoder.read(TEXTS)
    assert np.array_equal(read.rows, encoder.encode(TEXTS))
    assert [len(states) for states in read.states] == [len(pieces) for pieces in read.pieces]
    cut = encoder.pieces(TEXTS)
    assert [pieces.tolist() for pieces in read.pieces] == [each[: encoder.longest] for each in cut]
    assert len(cut[-1]) > encoder.longest
    assert encoder.read([]).states == []


def test_the_graph_says_of_each_token_what_torch_says(encoder: Encoder, exact: Encoder) -> None:
    fast, slow = encoder.read(TEXTS), exact.read(TEXTS)
    assert encoder.longest == exact.longest
    assert encoder.vocabulary == exact.vocabulary
    for said, meant, pieces, others in zip(fast.states, slow.states, fast.pieces, slow.pieces, strict=True):
        assert np.array_equal(pieces, others)
        lengths = np.linalg.norm(said, axis=1) * np.linalg.norm(meant, axis=1)
        assert ((said * meant).sum(axis=1) >= 0.98 * lengths).all()
    assert encoder.pieces(TEXTS) == exact.pieces(TEXTS)


def test_a_model_is_named_by_its_weights(encoder: Encoder, exact: Encoder, tiny: Path) -> None:
    assert encoder.weights == exact.weights != Encoder(str(tiny)).weights


def test_many_more_texts_than_fit_a_run_keep_their_order(encoder: Encoder) -> None:
    texts = [f"parcel {chr(97 + at % 26)} {'is late ' * (at % 40)}" for at in range(100)]
    rows = encoder.encode(texts)
    for at in (0, 39, 57, 99):
        assert _likeness(rows[at : at + 1], encoder.encode([texts[at]]))[0] > 0.995


def test_a_kept_graph_needs_no_torch(encoder: Encoder, cache: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from activities.encoder import Encoder;"
        "print(Encoder(cache=Path(sys.argv[1])).encode(['hello']).shape, 'torch' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code, str(cache)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == f"(1, {encoder.dimensions}) False"


@pytest.mark.parametrize("harm", ["torn", "empty", "rubbish", "another model's"])
def test_a_harmed_graph_is_built_anew(tiny: Path, tmp_path: Path, encoder: Encoder, cache: Path, harm: str) -> None:
    whole = Encoder(str(tiny), cache=tmp_path).encode(["abc"])
    (kept,) = tmp_path.iterdir()
    sound = kept.read_bytes()
    (others,) = cache.glob("*.onnx")
    kept.write_bytes(
        {"torn": sound[: len(sound) // 2], "empty": b"", "rubbish": b"\xff" * 5_000}.get(harm, others.read_bytes())
    )
    assert np.allclose(Encoder(str(tiny), cache=tmp_path).encode(["abc"]), whole, atol=1e-3)
    assert len(list(tmp_path.iterdir())) == 1
    assert abs(kept.stat().st_size - len(sound)) < 100


def test_changed_weights_are_another_graph(tmp_path: Path, tiny: Path) -> None:
    import shutil

    from safetensors.numpy import load_file, save_file

    changed = shutil.copytree(tiny, tmp_path / "changed")
    (weights,) = changed.rglob("*.safetensors")
    save_file({key: value * 1.25 for key, value in load_file(weights).items()}, weights, metadata={"format": "pt"})
    for model in (tiny, changed, tiny):
        Encoder(str(model), cache=tmp_path / "graphs")
    assert len(list((tmp_path / "graphs").iterdir())) == 2


def test_two_processes_may_race_for_one_folder(tiny: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from activities.encoder import Encoder;"
        "print(type(Encoder(sys.argv[1], cache=Path(sys.argv[2]))._model).__name__)"
    )
    ask = [sys.executable, "-c", code, str(tiny), str(tmp_path)]
    both = [subprocess.Popen(ask, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [one.communicate(timeout=100)[0].strip() for one in both] == ["OnnxModel", "OnnxModel"]
    (kept,) = tmp_path.iterdir()
    assert kept.suffix == ".onnx"


def test_a_folder_that_cannot_be_written_costs_only_time(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert Encoder(str(tiny), cache=tmp_path / "file" / "graphs").encode(["abc"]).shape == (1, 32)


def test_a_model_that_cannot_be_a_graph_runs_in_torch_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = _tiny_model(tmp_path, pooling="max")
    encoder = Encoder(str(odd), cache=tmp_path / "graphs")
    assert capsys.readouterr().out.count("encoder.runs_in_torch") == 1
    assert np.allclose(encoder.encode(["abc", "b"]), Encoder(str(odd), exact=True).encode(["abc", "b"]), atol=1e-5)
    assert not (tmp_path / "graphs").exists()


def test_a_model_that_is_not_here_is_not_downloaded() -> None:
    with pytest.raises(OSError, match=r"local|offline|cache|not found|No such|couldn't connect"):
        Encoder("holdfast/there-is-no-such-model")


class _Scripted(Encoder):
    """Borrows a model; counts its runs, can be held, and fails on a text that is poison."""

    def __init__(self, encoder: Encoder) -> None:
        self._model, self.dimensions = encoder._model, encoder.dimensions
        self.runs: list[int] = []
        self.free = threading.Event()
        self.free.set()

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.free.wait(10)
        self.runs.append(len(texts))
        if "poison" in texts:
            raise RuntimeError("out of memory")
        return super().encode(texts)


async def test_concurrent_requests_share_runs_of_the_model(encoder: Encoder) -> None:
    scripted = _Scripted(encoder)
    batcher = Batcher(scripted)
    texts = [f"parcel number {count}" for count in range(40)]
    rows = await asyncio.gather(*(batcher.encode([text]) for text in texts))
    assert len(scripted.runs) <= 3
    assert _likeness(np.concatenate(rows), encoder.encode(texts)).min() > 0.995


async def test_texts_are_read_between_the_runs_of_others(encoder: Encoder) -> None:
    batcher = Batcher(encoder)
    rows, read = await asyncio.gather(batcher.encode(["one"]), batcher.read(["two", "three"]))
    assert rows.shape == (1, encoder.dimensions)
    assert _likeness(read.rows, encoder.encode(["two", "three"])).min() > 0.995


async def test_what_is_asked_while_the_model_works_shares_its_next_run(encoder: Encoder) -> None:
    scripted = _Scripted(encoder)
    scripted.free.clear()
    batcher = Batcher(scripted)
    first = asyncio.create_task(batcher.encode(["one"]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(batcher.encode(["two", "three"])) for _ in range(5)]
    await asyncio.sleep(0)
    scripted.free.set()
    await asyncio.gather(first, *others)
    assert scripted.runs == [1, 10]


async def test_a_failing_model_fails_its_requests_and_not_the_next(encoder: Encoder) -> None:
    batcher = Batcher(_Scripted(encoder))
    with pytest.raises(RuntimeError, match="out of memory"):
        await batcher.encode(["poison"])
    assert (await batcher.encode(["two"])).shape == (1, encoder.dimensions)


async def test_one_bad_request_does_not_fail_its_neighbours(encoder: Encoder) -> None:
    batcher = Batcher(_Scripted(encoder))
    asked = [batcher.encode([text]) for text in ("one", "poison", "three")]
    good, bad, also_good = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(bad, RuntimeError)
    assert isinstance(good, np.ndarray)
    assert isinstance(also_good, np.ndarray)


async def test_who_gave_up_waiting_does_not_stop_the_others(encoder: Encoder) -> None:
    scripted = _Scripted(encoder)
    scripted.free.clear()
    batcher = Batcher(scripted)
    gone, stays = (asyncio.create_task(batcher.encode([text])) for text in ("one", "two"))
    await asyncio.sleep(0)
    gone.cancel()
    scripted.free.set()
    assert (await stays).shape == (1, encoder.dimensions)
