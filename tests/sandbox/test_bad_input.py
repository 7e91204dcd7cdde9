from typing import Any

import pytest

from tests.sandbox.desk import SHOP, Desk, ask, problem_of

REFUND_REFUSALS: list[tuple[dict[str, Any], int, str]] = [
    ({"amount_minor": 0}, 422, "amount_not_positive"),
    ({"amount_minor": -1}, 422, "amount_not_positive"),
    ({"amount_minor": 10**30}, 422, "amount_above_refundable"),
    ({"amount_minor": 89.99}, 422, "request_invalid"),
    ({"amount_minor": "8999"}, 422, "request_invalid"),
    ({"amount_minor": True}, 422, "request_invalid"),
    ({"currency": "EUR"}, 422, "currency_mismatch"),
    ({"payment_id": "PAY-9"}, 422, "payment_unknown"),
    ({"lines": [{"line_id": "9", "quantity": 1}]}, 422, "lines_unknown"),
    ({"lines": [{"line_id": "1", "quantity": 2}]}, 422, "lines_above_refundable"),
    ({"lines": [{"line_id": "1", "quantity": 0}]}, 422, "request_invalid"),
    ({"lines": [{"line_id": "1", "quantity": -1}]}, 422, "request_invalid"),
    ({"reason_code": "BECAUSE"}, 422, "reason_unknown"),
    ({"bonus": 1}, 422, "request_invalid"),
]


@pytest.mark.parametrize(("wrong", "status", "code"), REFUND_REFUSALS, ids=[str(case[0]) for case in REFUND_REFUSALS])
async def test_a_wrong_refund_is_refused_and_changes_nothing(
    desk: Desk, wrong: dict[str, Any], status: int, code: str
) -> None:
    assert problem_of(await desk.refund("12345", **wrong)) == (status, code)
    assert (await desk.order("12345"))["version"] == 3


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/notifications", {"customer_id": "U789", "channel": "email", "subject": " ", "body": "x"}, "request_invalid"),
        ("/notifications", {"customer_id": "U789", "channel": "sms", "subject": "s", "body": "x"}, "request_invalid"),
        ("/notifications", {"customer_id": "U0", "channel": "email", "subject": "s", "body": "x"}, "customer_unknown"),
        ("/tickets", {"customer_id": "U789", "subject": "s", "body": "x" * 10_001}, "request_invalid"),
        ("/tickets", {"customer_id": "U789", "subject": "s", "body": "x", "priority": "now"}, "request_invalid"),
    ],
)
async def test_a_wrong_word_to_people_is_refused(desk: Desk, path: str, body: object, code: str) -> None:
    assert problem_of(await desk.write(path, body)) == (422, code)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/orders/nope", 404, "order_absent"),
        ("/customers/nope", 404, "customer_absent"),
        ("/customers/nope/orders", 404, "customer_absent"),
        ("/customers/U789/orders?limit=0", 422, "request_invalid"),
        ("/orders/12345/fraud-score", 422, "request_invalid"),
        ("/orders/nope/refunds", 404, "order_absent"),
        ("/refunds/REF-999", 404, "refund_absent"),
        ("/shipments/nope", 404, "shipment_absent"),
        ("/nowhere", 404, "not_found"),
    ],
)
async def test_a_read_that_finds_nothing_says_what(desk: Desk, path: str, status: int, code: str) -> None:
    answer = await desk.http.get(f"/v1/northwind{path}", headers=SHOP)
    assert problem_of(answer) == (status, code)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic dev-shop-token"}])
async def test_without_the_token_nothing_is_said(desk: Desk, headers: dict[str, str]) -> None:
    for path in ("/v1/northwind/orders/12345", "/v1/northwind/nowhere", "/admin/ledger"):
        assert problem_of(await desk.http.get(path, headers=headers)) == (401, "token_invalid")


async def test_the_shop_token_opens_no_admin_door(desk: Desk) -> None:
    assert problem_of(await desk.http.get("/admin/ledger", headers=SHOP)) == (401, "token_invalid")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe\x00", b"[]", b'"text"', b'{"lines": "\\ud800"}'])
async def test_a_body_that_is_no_refund_is_a_problem_document(desk: Desk, body: bytes) -> None:
    headers = {**SHOP, "Idempotency-Key": "k", "If-Match": '"3"', "Content-Type": "application/json"}
    answer = await desk.http.post("/v1/northwind/orders/12345/refunds", content=body, headers=headers)
    assert problem_of(answer)[0] in (400, 422)


async def test_a_refusal_does_not_repeat_what_was_sent(desk: Desk) -> None:
    secret = "4111 1111 1111 1111"
    answer = await desk.write("/orders/12345/refunds", {**ask(), "amount_minor": secret}, version=3)
    assert secret not in answer.text


async def test_a_method_the_route_does_not_know_is_refused(desk: Desk) -> None:
    answer = await desk.http.delete("/v1/northwind/orders/12345", headers=SHOP)
    assert problem_of(answer) == (405, "method_not_allowed")
