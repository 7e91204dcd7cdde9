"""Intents are recognised with the real model: one or several, sure or to be asked about, for a tenant or for all."""

from pathlib import Path

import numpy as np
import pytest

import policies
from activities.calibration import Calibration
from activities.encoder import Encoder
from activities.intent_head import Head, left_out
from activities.kept_vectors import encode_kept
from activities.recognition import Guessed, Recogniser
from policies.intent_sets import gather
from policies.intents import pieces

INTENTS = Path(policies.__file__).parent / "intents"
MONEY = {"refund_request", "delivery_dispute", "damaged_or_wrong_item", "cancel_order"}


def _guess(encoder: Encoder, recogniser: Recogniser, *texts: str, tenant: str = "", language: str = "en") -> Guessed:
    cut = pieces(texts)
    return recogniser.guesses(encoder.encode([piece.text for piece in cut]), cut, tenant, language)


def _ids(guessed: Guessed) -> list[str]:
    return [guess.id for guess in guessed.intents]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Where is order 12345? And please cancel order NW-10023", ["track_order", "cancel_order"]),
        ("please cancel my lamp and tell me where the parcel with the shoes is", ["cancel_order", "track_order"]),
        ("I want a refund on order #12345, it never arrived", ["delivery_dispute", "refund_request"]),
        ("You people are useless!! Where is my parcel?", ["track_order", "complaint"]),
        ("thanks, but where is my order?", ["track_order"]),
        ("Wo bleibt mein Paket? Und ich brauche noch eine Rechnung.", ["track_order", "invoice"]),
    ],
)
def test_several_wishes_are_seen_in_the_order_they_are_to_be_answered(
    encoder: Encoder, recogniser: Recogniser, text: str, ids: list[str]
) -> None:
    assert _ids(_guess(encoder, recogniser, text)) == ids


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("could somebody explain to me how I get hold of the receipt", "invoice"),
        ("what would it cost me to call off an order", "return_policy_question"),
        ("I don't receive your newsletter though I subscribed", "account"),
        ("can I pay in three instalments", "product_question"),
        ("is there a branch of yours near the station", "product_question"),
        ("wich pilow is gud for neck pain", "product_question"),
        ("cancle teh ordr plz", "cancel_order"),
        ("kindly do the needful and change drop location of my parcel", "change_address"),
        ("paket beschädigt angekommen, glas zersplittert", "damaged_or_wrong_item"),
        ("quiero que me devuelvan el dinero", "refund_request"),
        ("mera refund kab tak aayega", "refund_status"),
        ("quero trocar a morada de entrega", "change_address"),
    ],
)
def test_near_misses_typos_and_languages_find_their_intent(
    encoder: Encoder, recogniser: Recogniser, text: str, id: str
) -> None:
    assert _ids(_guess(encoder, recogniser, text))[:1] == [id]


@pytest.mark.parametrize(
    "text",
    [
        "cancel my gym membership",
        "the bank took a fee for my cash withdrawal. Please give it back.",
        "refund the transfer I sent to my cousin",
        "my car is broken and won't start",
        "the airline lost my suitcase",
    ],
)
def test_what_strangers_want_moves_no_money(encoder: Encoder, recogniser: Recogniser, text: str) -> None:
    guessed = _guess(encoder, recogniser, text)
    assert not MONEY & set(_ids(guessed)[:1])


def test_what_a_question_offers_is_little_and_never_what_needs_no_answer(
    encoder: Encoder, recogniser: Recogniser
) -> None:
    guessed = _guess(encoder, recogniser, "meine Bestellung, das Geld, die Adresse", language="de")
    offered = guessed.unsure
    assert len(offered) <= 3
    assert [guess.confidence for guess in offered] == sorted((guess.confidence for guess in offered), reverse=True)
    assert not {guess.id for guess in offered} & {*_ids(guessed), "greeting", "feedback", "complaint", "out_of_scope"}


def test_nothing_is_guessed_of_nothing(encoder: Encoder, recogniser: Recogniser) -> None:
    assert _guess(encoder, recogniser) == Guessed()


def test_yaml_alone_adds_an_intent_for_one_tenant(encoder: Encoder, recogniser: Recogniser) -> None:
    text = "could you move my slot to eight in the evening"
    assert _ids(_guess(encoder, recogniser, text, tenant="kirana")) == ["slot_change"]
    assert "slot_change" not in _ids(_guess(encoder, recogniser, text, tenant="northwind"))


def test_a_tenant_inherits_all_it_does_not_override(encoder: Encoder, recogniser: Recogniser) -> None:
    assert _ids(_guess(encoder, recogniser, "where is my parcel", tenant="kirana")) == ["track_order"]


def _small(id: str, exemplars: str) -> str:
    head = f"id: {id}\ndescription: About it.\nplaybook: policy\nrisk: low\ncalled: {{en: a {id}}}\n"
    return f"{head}exemplars: {{en: [{exemplars}]}}\n"


def test_doubts_are_offered_and_certainties_named(encoder: Encoder) -> None:
    gift = _small("gift", "wrap it nicely, gift wrap please, a ribbon please, a bow on it, nice paper")
    lamp = _small("lamp", "the lamp flickers, no light at all, a bulb burnt out, lamp too dim, lamp too bright")
    sets = gather([("gift.yaml", gift), ("lamp.yaml", lamp)])
    sure = Recogniser(encoder, sets)
    asking = Recogniser(encoder, sets, calibration=Calibration(named=1.0))
    assert _ids(_guess(encoder, sure, "gift wrapping please")) == ["gift"]
    guessed = _guess(encoder, asking, "gift wrapping please", language="fr")
    assert not guessed.intents
    assert [(guess.id, guess.called) for guess in guessed.unsure][:1] == [("gift", "a gift")]


def test_vectors_are_kept_for_the_next_start_and_a_damaged_file_is_made_anew(encoder: Encoder, tmp_path: Path) -> None:
    texts, kept = ["where is it", "wrap it", "where is it"], tmp_path / "deep" / "vectors.npz"
    fresh = encode_kept(encoder, texts, kept)
    assert kept.exists()
    assert np.allclose(encode_kept(encoder, texts, kept), fresh, atol=1e-5)
    kept.write_bytes(b"no archive")
    assert np.allclose(encode_kept(encoder, texts, kept), fresh, atol=1e-5)
    assert [path.name for path in kept.parent.iterdir()] == ["vectors.npz"]


def _clouds() -> tuple[list[str], np.ndarray, list[int]]:
    """Two groups of unit vectors around two directions, with words of their own."""
    chance = np.random.default_rng(1)
    rows = np.repeat(np.eye(2, 8), 6, axis=0) + 0.3 * chance.standard_normal((12, 8))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return [f"{'parcel' if at < 6 else 'invoice'} {'abcdef'[at % 6]}" for at in range(12)], rows, [0] * 6 + [1] * 6


def test_leaving_one_out_in_one_step_is_what_fitting_without_it_gives() -> None:
    texts, rows, owners = _clouds()
    in_one_step = left_out(texts, rows, owners, 2)
    for at in (0, 7, 11):
        rest = [other for other in range(12) if other != at]
        head = Head([texts[other] for other in rest], rows[rest], [owners[other] for other in rest], 2)
        # Only how rare a run of characters is changes a little with the text that was left out.
        assert np.allclose(head.scores([texts[at]], rows[[at]])[0], in_one_step[at], atol=0.1)


def test_a_head_is_the_same_every_time() -> None:
    texts, rows, owners = _clouds()
    first, second = (Head(texts, rows, owners, 2).scores(texts, rows) for _ in range(2))
    assert np.array_equal(first, second)


def test_confidences_of_a_text_are_shares_and_the_best_score_stays_best() -> None:
    scores = np.array([[0.9, 0.1, 0.0], [0.4, 0.39, 0.1], [-0.1, 0.05, 0.0]], dtype=np.float32)
    found = Calibration().confidences(scores)
    assert (found >= 0).all()
    assert (found.sum(axis=1) <= 1.0001).all()
    assert (found.argmax(axis=1) == scores.argmax(axis=1)).all()
    assert found[0, 0] > found[1, 0] > found[2, 1]
