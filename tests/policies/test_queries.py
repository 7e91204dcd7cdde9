"""A query in a model's words may say a question otherwise; it may not say more than was asked."""

import pytest

from policies.queries import adds

HARMLESS = [
    ("return window for opened headphones", "can I give earphones back once the seal is broken?"),
    ("return within 30 days", "it is thirty days now, can I still return it?"),
    ("warranty SKU-1001", "what about the warranty of SKU-1001"),
    ("Rückgabefrist geöffnete Ware", "kann ich offene Kopfhörer zurückgeben"),
]
ADDED = [
    ("return window of 90 days", "can I return it within 30 days?"),
    ("late parcels within 14 days", "my parcel is late"),
    ("warranty SKU-1001", "what about the warranty"),
    ("return of NW-10023", "can I return NW-10023?"),
    ("late parcel 1Z999AA10123456784", "1Z999AA10123456784 is late"),
    ("change of e-mail [email_1]", "my mail is [email_1] now"),
]


@pytest.mark.parametrize(("query", "message"), HARMLESS)
def test_other_words_for_the_same_question_add_nothing(query: str, message: str) -> None:
    assert not adds(query, message, ("NW-10023",))


@pytest.mark.parametrize(("query", "message"), ADDED)
def test_numbers_codes_orders_parcels_and_personal_data_are_additions(query: str, message: str) -> None:
    assert adds(query, message, ("NW-10023",))
