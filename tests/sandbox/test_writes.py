import asyncio

from tests.sandbox.desk import SHOP, Desk, ask, problem_of


async def test_the_same_write_again_is_answered_again_and_done_once(desk: Desk) -> None:
    first = await desk.refund("12345", key="k")
    desk.clock.advance(60)
    again = await desk.refund("12345", key="k")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotent-Replay"] == "true"
    assert "Idempotent-Replay" not in first.headers
    assert len((await desk.order("12345"))["refunds"]) == 1


async def test_a_key_belongs_to_one_write(desk: Desk) -> None:
    await desk.refund("12345", key="k")
    other_body = await desk.refund("12345", key="k", version=4, amount_minor=1)
    other_path = await desk.refund("20001", key="k")
    assert problem_of(other_body) == problem_of(other_path) == (422, "idempotency_key_reused")


async def test_keys_of_two_tenants_are_two_keys(desk: Desk) -> None:
    await desk.refund("12345", key="k")
    desk.tenant = "kirana"
    answer = await desk.refund("12345", key="k", amount_minor=3450, currency="EUR")
    assert answer.status_code == 201


async def test_a_refused_write_leaves_its_key_unused(desk: Desk) -> None:
    assert problem_of(await desk.refund("12345", key="k", amount_minor=9000)) == (422, "amount_above_refundable")
    assert problem_of(await desk.get("/writes/k")) == (404, "write_absent")
    assert (await desk.refund("12345", key="k")).status_code == 201


async def test_a_committed_write_can_be_read_back(desk: Desk) -> None:
    refund = (await desk.refund("12345", key="conv/1:pay")).json()
    assert (await desk.get("/writes/conv%2F1%3Apay")).json() == {
        "idempotency_key": "conv/1:pay",
        "method": "POST",
        "path": "/v1/northwind/orders/12345/refunds",
        "status": 201,
        "body": refund,
        "committed_at": "2026-03-10T12:00:00.000Z",
    }


async def test_a_write_needs_a_usable_key(desk: Desk) -> None:
    path = "/v1/northwind/orders/12345/refunds"
    missing = await desk.http.post(path, json=ask(), headers={**SHOP, "If-Match": '"3"'})
    too_long = await desk.refund("12345", key="k" * 129)
    assert problem_of(missing) == (400, "idempotency_key_missing")
    assert problem_of(too_long) == (400, "idempotency_key_malformed")


async def test_a_write_to_an_order_needs_the_current_version(desk: Desk) -> None:
    assert problem_of(await desk.write("/orders/12345/refunds", ask())) == (428, "version_missing")
    assert problem_of(await desk.refund("12345", version=2)) == (412, "version_stale")


async def test_two_at_once_with_one_key_commit_once(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.refund("12345", key="same") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replay" in answer.headers for answer in answers) == 5


async def test_two_at_once_with_two_keys_pay_once(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.refund("12345", key=f"k{n}") for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412, 412, 412]
