from typing import Any

import pytest

from tests.sandbox.desk import ADMIN, Desk, new_order, problem_of

NORTHWIND = {"tenant": "northwind"}


async def test_an_order_on_demand_brings_its_customer(desk: Desk) -> None:
    made = await desk.admin("POST", "/orders", params=NORTHWIND, json=new_order("#T1", fraud_score=0.8))
    assert made == await desk.order("%23T1")
    assert (await desk.get("/customers/C-TEST")).json()["email"] == "c-test@example.com"
    assert (await desk.get("/orders/%23T1/fraud-score", customer_id="C-TEST")).json()["band"] == "high"


async def test_an_order_on_demand_may_open_a_tenant(desk: Desk) -> None:
    await desk.admin("POST", "/orders", params={"tenant": "load-7"}, json=new_order("T1"))
    desk.tenant = "load-7"
    assert (await desk.refund("T1", version=1, amount_minor=3000)).status_code == 201


async def test_a_known_customer_keeps_the_score_unless_one_is_sent(desk: Desk) -> None:
    for order_id, more in (("T1", {}), ("T2", {"fraud_score": 0.5})):
        body = new_order(order_id, customer_id="U789", **more)
        await desk.admin("POST", "/orders", params=NORTHWIND, json=body)
        score = (await desk.get(f"/orders/{order_id}/fraud-score", customer_id="U789")).json()["score"]
        assert score == more.get("fraud_score", 0.03)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"order_id": "12345"}, (409, "order_exists")),
        ({"shipments": [{"awb": "12345", "carrier": "x", "status": "delivered"}]}, (409, "shipment_exists")),
        ({"currency": "usd"}, (422, "request_invalid")),
        ({"lines": []}, (422, "request_invalid")),
        ({"fraud_score": 1.5}, (422, "request_invalid")),
        (
            {"payments": [{"payment_id": "P", "method": "card", "label": "x", "paid_minor": 5, "refunded_minor": 5}]},
            (422, "request_invalid"),
        ),
    ],
)
async def test_an_order_that_does_not_fit_is_refused(
    desk: Desk, wrong: dict[str, Any], expected: tuple[int, str]
) -> None:
    body = {**new_order("T1"), **wrong}
    assert problem_of(await desk.http.post("/admin/orders", params=NORTHWIND, json=body, headers=ADMIN)) == expected
    assert (await desk.get("/orders/T1")).status_code == 404


async def test_the_ledger_lists_money_in_and_out(desk: Desk) -> None:
    await desk.refund("12345", key="k")
    told = await desk.admin("GET", "/ledger", params={"tenant": "northwind", "order_id": "12345"})
    (paid,), (refunded,) = told["payments"], told["refunds"]
    assert (paid["paid_minor"], paid["refunded_minor"], paid["currency"]) == (8999, 8999, "USD")
    assert (refunded["amount_minor"], refunded["status"], refunded["idempotency_key"]) == (8999, "pending", "k")


async def test_the_list_of_writes_names_every_committed_key(desk: Desk) -> None:
    await desk.refund("12345", key="landed")
    await desk.refund("12345", key="refused", version=1)
    told = (await desk.admin("GET", "/writes", params=NORTHWIND))["writes"]
    assert [(write["idempotency_key"], write["status"]) for write in told] == [("landed", 201)]
