"""The language of a message; nothing where it cannot be told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.language import language


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Where is my parcel? It should have been here on Monday.", "en"),
        ("hello", "en"),
        ("Wo bleibt mein Geld, die Retoure ist längst bei euch", "de"),
        ("moin", "de"),
        ("Je voudrais être remboursé pour cet article", "fr"),
        ("merci", "fr"),
        ("¿Cuándo llega mi paquete?", "es"),
        ("gracias", "es"),
        ("Ainda não recebi o meu dinheiro de volta", "pt"),
        ("Il mio pacco non è ancora arrivato", "it"),
        ("Mijn bestelling is nog niet geleverd", "nl"),
        ("मेरा ऑर्डर कहाँ है", "hi"),
        ("mera order kahan hai bhai", "hi"),
        ("refund abhi tak nahi aaya", "hi"),
        ("Где мой заказ?", "ru"),
        ("أين طلبي", "ar"),
        ("注文はどこですか", "ja"),
        ("我的包裹在哪里", "zh"),
        ("주문 어디 있어요", "ko"),
        ("12345", ""),
        ("#W2611340 NW-10023", ""),
        ("😡😡", ""),
        ("[email_1] [phone_1]", ""),
        ("", ""),
        ("?!", ""),
    ],
)
def test_a_language_is_told_or_left_open(text: str, told: str) -> None:
    assert language(text) == told


def test_the_language_spoken_so_far_tips_a_close_call() -> None:
    assert language("editar pedido", ("es",)) == "es"
    assert language("editar pedido", ("pt",)) == "pt"
    assert language("Where is my parcel? It should have been here.", ("de",)) == "en"


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert len(language(text)) in (0, 2)
