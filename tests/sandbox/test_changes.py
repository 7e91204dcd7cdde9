from tests.sandbox.desk import Desk, new_order, problem_of

RETURN = {"lines": [{"line_id": "1", "quantity": 1}], "reason_code": "WRONG_ITEM"}
ADDRESS = {"line1": "2 New Street", "city": "Denver", "region": "CO", "postal_code": "80015", "country": "US"}


async def test_a_return_issues_a_label_that_can_be_fetched(desk: Desk) -> None:
    answer = await desk.write("/orders/20011/returns", RETURN, version=3)
    opened = answer.json()
    assert (answer.status_code, opened["status"], opened["lines"]) == (201, "label_issued", RETURN["lines"])
    assert opened["send_back_by"] == "2026-03-24T12:00:00Z"
    label = await desk.http.get(opened["label_url"])
    assert label.headers["content-type"] == "application/pdf"
    assert label.content.startswith(b"%PDF-1.4")
    assert label.content.endswith(b"%%EOF\n")
    order = await desk.order("20011")
    assert (order["version"], order["returns"]) == (4, [opened])


async def test_goods_go_back_once(desk: Desk) -> None:
    await desk.write("/orders/20011/returns", RETURN, version=3)
    again = await desk.write("/orders/20011/returns", RETURN, version=4)
    assert problem_of(again) == (422, "lines_already_returned")


async def test_what_was_not_delivered_cannot_be_returned(desk: Desk) -> None:
    answer = await desk.write("/orders/67890/returns", RETURN, version=2)
    assert problem_of(answer) == (409, "order_not_delivered")


async def test_cancelling_refunds_every_payment_in_the_same_write(desk: Desk) -> None:
    answer = await desk.write("/orders/20021/cancellation", {"reason": "changed my mind"}, key="stop", version=1)
    order = answer.json()
    assert (answer.status_code, order["status"], order["version"]) == (200, "cancelled", 2)
    assert answer.headers["ETag"] == '"2"'
    assert [
        (refund["amount_minor"], refund["reason_code"], refund["idempotency_key"]) for refund in order["refunds"]
    ] == [(4500, "CUSTOMER_REQUEST", "stop")]
    assert order["payments"][0]["refunded_minor"] == 4500
    again = await desk.write("/orders/20021/cancellation", {"reason": "again"}, version=2)
    assert problem_of(again) == (409, "order_not_cancellable")


async def test_cancelling_a_split_payment_gives_each_part_back(desk: Desk) -> None:
    parts = [
        {"payment_id": "PAY-1", "method": "gift_card", "label": "Gift card", "paid_minor": 1000},
        {"payment_id": "PAY-2", "method": "card", "label": "Visa ending 1111", "paid_minor": 2000},
    ]
    made = new_order("SPLIT", status="pending", payments=parts)
    await desk.admin("POST", "/orders", params={"tenant": "northwind"}, json=made)
    order = (await desk.write("/orders/SPLIT/cancellation", {"reason": "no"}, version=1)).json()
    assert [(r["payment_id"], r["amount_minor"]) for r in order["refunds"]] == [("PAY-1", 1000), ("PAY-2", 2000)]
    assert order["lines"][0]["refunded_quantity"] == 2


async def test_a_pending_orders_address_can_change(desk: Desk) -> None:
    answer = await desk.write("/orders/20021/address", ADDRESS, version=1, method="PUT")
    assert answer.json()["address"] == {**ADDRESS, "line2": ""}
    assert answer.json()["version"] == 2


async def test_a_shipped_orders_address_is_fixed(desk: Desk) -> None:
    answer = await desk.write("/orders/67890/address", ADDRESS, version=2, method="PUT")
    assert problem_of(answer) == (409, "order_already_shipped")


async def test_notifications_and_tickets_reach_outbox_and_helpdesk(desk: Desk) -> None:
    mail = {"customer_id": "U789", "channel": "email", "subject": "Your refund", "body": "On its way."}
    ticket = {"customer_id": "U789", "subject": "Help", "body": "A person is wanted."}
    notification_id = (await desk.write("/notifications", mail, key="mail")).json()["notification_id"]
    ticket_id = (await desk.write("/tickets", ticket, key="ticket")).json()["ticket_id"]
    (sent,) = (await desk.admin("GET", "/outbox", params={"tenant": "northwind"}))["notifications"]
    (open_one,) = (await desk.admin("GET", "/tickets"))["tickets"]
    assert (sent["notification_id"], sent["subject"], sent["idempotency_key"]) == (
        notification_id,
        "Your refund",
        "mail",
    )
    assert (open_one["ticket_id"], open_one["priority"]) == (ticket_id, "normal")
