from tests.sandbox.desk import Desk, problem_of


async def test_a_refund_takes_from_what_is_refundable_and_counts_the_version(desk: Desk) -> None:
    answer = await desk.refund("12345", key="pay-once")
    assert answer.status_code == 201
    refund = answer.json()
    assert refund == {
        "refund_id": refund["refund_id"],
        "order_id": "12345",
        "status": "pending",
        "amount_minor": 8999,
        "currency": "USD",
        "payment_id": "PAY-1",
        "method_label": "Visa ending 4242",
        "reason_code": "DELIVERY_DISPUTE",
        "lines": [{"line_id": "1", "quantity": 1}],
        "idempotency_key": "pay-once",
        "created_at": "2026-03-10T12:00:00Z",
        "settled_at": None,
        "failure": "",
    }
    order = await desk.order("12345")
    assert order["version"] == 4
    assert order["payments"][0]["refunded_minor"] == 8999
    assert order["lines"][0]["refunded_quantity"] == 1
    assert order["refunds"] == [refund] == (await desk.get("/orders/12345/refunds")).json()["refunds"]


async def test_a_refund_moves_from_pending_over_approved_to_settled(desk: Desk) -> None:
    refund_id = (await desk.refund("12345")).json()["refund_id"]
    seen = []
    for seconds in (4, 2, 5):
        desk.clock.advance(seconds)
        refund = (await desk.get(f"/refunds/{refund_id}")).json()
        seen.append((refund["status"], refund["settled_at"]))
    assert seen == [("pending", None), ("approved", None), ("settled", "2026-03-10T12:00:10Z")]
    assert (await desk.order("12345"))["version"] == 4


async def test_the_time_of_settling_is_when_it_fell_due(desk: Desk) -> None:
    await desk.refund("12345")
    desk.clock.advance(3600)
    assert (await desk.order("12345"))["refunds"][0]["settled_at"] == "2026-03-10T12:00:10Z"


async def test_a_failed_refund_gives_money_and_goods_back(desk: Desk) -> None:
    refund_id = (await desk.refund("12345")).json()["refund_id"]
    failed = await desk.admin("POST", f"/refunds/{refund_id}/fail", json={"failure": "account closed"})
    assert (failed["status"], failed["failure"]) == ("failed", "account closed")
    order = await desk.order("12345")
    assert order["version"] == 5
    assert order["payments"][0]["refunded_minor"] == order["lines"][0]["refunded_quantity"] == 0
    assert (await desk.refund("12345", version=5)).status_code == 201


async def test_a_settled_refund_cannot_fail(desk: Desk) -> None:
    refund_id = (await desk.refund("12345")).json()["refund_id"]
    desk.clock.advance(11)
    answer = await desk.http.post(
        f"/admin/refunds/{refund_id}/fail", headers={"Authorization": "Bearer dev-admin-token"}
    )
    assert problem_of(answer) == (409, "refund_final")


async def test_two_payments_are_refunded_one_by_one(desk: Desk) -> None:
    too_much = await desk.refund("20012", amount_minor=5001, payment_id="PAY-1")
    assert problem_of(too_much) == (422, "amount_above_refundable")
    gift_card = await desk.refund("20012", amount_minor=5000, payment_id="PAY-1")
    card = await desk.refund("20012", amount_minor=7000, payment_id="PAY-2", lines=[], version=4)
    assert (gift_card.status_code, card.status_code) == (201, 201)
    order = await desk.order("20012")
    assert [payment["refunded_minor"] for payment in order["payments"]] == [5000, 7000]


async def test_quantities_are_refundable_once(desk: Desk) -> None:
    two = [{"line_id": "1", "quantity": 2}]
    assert (await desk.refund("20013", amount_minor=3000, lines=two)).status_code == 201
    again = await desk.refund("20013", amount_minor=1500, lines=two, version=4)
    assert problem_of(again) == (422, "lines_above_refundable")


async def test_naming_a_line_twice_gains_nothing(desk: Desk) -> None:
    twice = [{"line_id": "1", "quantity": 2}, {"line_id": "1", "quantity": 2}]
    assert problem_of(await desk.refund("20013", amount_minor=4500, lines=twice)) == (422, "lines_above_refundable")
