"""The approvals page: what a card tells, what a decision does, and how a refusal is told."""

import re
from collections.abc import AsyncIterator

import pytest

from policies.facts import FraudBand, FraudFacts, ReasonCode
from tests.api.conftest import OwnRedis
from tests.fakes.orders import order
from tests.fakes.queues import HTMX, Queues, queues, signed_in
from workflows.messages import Photo

DEAREST = 150_000


@pytest.fixture
async def console(own_redis: OwnRedis) -> AsyncIterator[Queues]:
    async with queues(own_redis.url) as console:
        yield console


def form_of(html: str, refund: str, reason: str = "Looked at it.", approve: bool = True) -> dict[str, str]:
    """Fill in the form of a card as the page holds it."""
    form = html.split(f'action="/console/approvals/{refund}"', 1)[1].split("</form>", 1)[0]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    return {**fields, "reason": reason, "approve": str(approve).lower()}


async def test_a_card_says_what_is_asked_why_people_decide_and_what_an_approval_changes(console: Queues) -> None:
    console.refund(fraud=FraudFacts(score=0.86, band=FraudBand.HIGH, reasons=("six refunds in 30 days",)))
    html = (await signed_in(console).get("/console/approvals")).text
    for told in (
        "$200.00</span> on order 12345",
        "the customer says it was not",
        "U789",
        "High risk",
        "86 of 100",
        "six refunds in 30 days",
        "refund.fraud_high",
        "The fraud check says high risk",
        "signed by building staff",
        "Nothing was refunded on this order before.",
        "<b>$200.00</b> goes back to <b>Visa ending 4242</b> for 1 × Nimbus Runner Shoes",
        "drops from $200.00 to $0.00",
        "23 h 59 min</time> left",
        'href="/console/c/c-12345"',
    ):
        assert told in html, told


async def test_the_deadline_that_ends_first_comes_first(console: Queues) -> None:
    for order_id, hours in (("1", 5.0), ("2", 0.5), ("3", 20.0)):
        console.refund(order_id, hours=hours)
    html = (await signed_in(console).get("/console/approvals")).text
    assert re.findall(r"</span> on order (\d)", html) == ["2", "1", "3"]
    assert "3 refunds wait for a decision" in html


async def test_photos_the_customer_sent_are_on_the_card(console: Queues) -> None:
    console.line.photos["c-12345"] = (
        Photo(photo_id="p1", media_type="image/jpeg", size=1, width=1, height=1),
        Photo(photo_id="p2", media_type="image/jpeg", size=1, width=1, height=1),
    )
    console.refund(reason=ReasonCode.DAMAGED_ITEM)
    html = (await signed_in(console).get("/console/approvals")).text
    assert html.count('src="/console/c/c-12345/photos/p') == 2
    assert "The article came damaged" in html


async def test_an_order_that_changed_since_or_cannot_be_read_is_said_so(console: Queues) -> None:
    console.refund("1")
    console.shop.orders["1"] = order("1", total_minor=20_000, version=4)
    console.refund("2")
    del console.shop.orders["2"]
    html = (await signed_in(console).get("/console/approvals")).text
    assert html.count("The order has changed since the customer agreed") == 1
    assert html.count("The order cannot be read right now") == 1
    assert "<b>$200.00</b> goes back to how the order was paid" in html


async def test_a_refund_of_another_shop_is_not_shown(console: Queues) -> None:
    console.line.put("another-shop", order("777", total_minor=20_000))
    html = (await signed_in(console).get("/console/approvals")).text
    assert "777" not in html
    assert "Nothing waits for a decision" in html


@pytest.mark.parametrize(("approve", "told"), [(True, "<b>Approved.</b>"), (False, "<b>Denied.</b>")])
async def test_a_decision_carries_the_digest_and_the_reason(console: Queues, approve: bool, told: str) -> None:
    refund = console.refund()
    async with signed_in(console) as ana:
        form = form_of((await ana.get("/console/approvals")).text, refund, "The scan is at 3 am.", approve)
        answer = await ana.post(f"/console/approvals/{refund}", data=form, headers=HTMX)
    assert answer.status_code == 200
    assert told in answer.text
    assert answer.headers["HX-Retarget"] == f"#card-{refund}"
    (decision,) = console.line.decided
    assert (decision.approver, decision.role, decision.approve) == ("ana", "agent", approve)
    assert (decision.digest, decision.reason) == (form["digest"], "The scan is at 3 am.")


async def test_pressing_twice_is_one_decision(console: Queues) -> None:
    refund = console.refund(total_minor=DEAREST)
    async with signed_in(console) as ana:
        form = form_of((await ana.get("/console/approvals")).text, refund)
        first = await ana.post(f"/console/approvals/{refund}", data=form, headers=HTMX)
        second = await ana.post(f"/console/approvals/{refund}", data=form, headers=HTMX)
    assert first.text == second.text
    assert "1 of 2" in first.text
    assert len(console.line.decided) == 1


async def test_without_scripts_the_page_comes_back_with_what_was_decided(console: Queues) -> None:
    refund = console.refund()
    async with signed_in(console) as ana:
        form = form_of((await ana.get("/console/approvals")).text, refund)
        answer = await ana.post(f"/console/approvals/{refund}", data=form)
    assert answer.status_code == 200
    assert "<b>Approved.</b>" in answer.text
    assert "<html" in answer.text


async def test_four_eyes_shows_who_approved_and_wants_somebody_else(console: Queues) -> None:
    refund = console.refund(total_minor=DEAREST)
    ana, ben = signed_in(console, "ana"), signed_in(console, "ben")
    form = form_of((await ana.get("/console/approvals")).text, refund)
    await ana.post(f"/console/approvals/{refund}", data=form, headers=HTMX)
    again = {**form, "decision_id": "d-other"}
    refused = await ana.post(f"/console/approvals/{refund}", data=again, headers=HTMX)
    assert "a second, different person must approve it" in refused.text
    assert "HX-Retarget" not in refused.headers, "the card stays"
    mine = (await ana.get("/console/approvals")).text
    assert "1 of 2 approved: Ana" in mine
    assert "You have approved this refund" in mine
    assert 'name="digest"' not in mine
    theirs = form_of((await ben.get("/console/approvals")).text, refund)
    done = await ben.post(f"/console/approvals/{refund}", data=theirs, headers=HTMX)
    assert "<b>Approved.</b>" in done.text
    assert "ana, Ben" in done.text


async def test_whoever_had_the_conversation_is_told_that_somebody_else_decides(console: Queues) -> None:
    refund = console.refund(handled_by=("ana",))
    ana, ben = signed_in(console, "ana"), signed_in(console, "ben")
    assert "nobody decides on what they put forward" in (await ana.get("/console/approvals")).text
    form = form_of((await ben.get("/console/approvals")).text, refund)
    refused = await ana.post(f"/console/approvals/{refund}", data=form, headers=HTMX)
    assert "nobody decides on what they put forward" in refused.text
    assert not console.line.decided


async def test_refusals_are_told_in_plain_words_on_the_card(console: Queues) -> None:
    refund = console.refund()
    async with signed_in(console) as ana:
        form = form_of((await ana.get("/console/approvals")).text, refund)
        path = f"/console/approvals/{refund}"
        neither = await ana.post(path, data={**form, "approve": ""}, headers=HTMX)
        blank = await ana.post(path, data={**form, "reason": "  "}, headers=HTMX)
        changed = await ana.post(path, data={**form, "digest": "0ther"}, headers=HTMX)
        console.line.desk(console.tenant, refund).state = "expired"
        expired = await ana.post(path, data=form, headers=HTMX)
        console.line.desk(console.tenant, refund).state = "denied"
        decided = await ana.post(path, data=form, headers=HTMX)
        unknown = await ana.post("/console/approvals/AAAA", data=form, headers=HTMX)
        console.line.down = "temporal-unavailable"
        away = await ana.post(path, data=form, headers=HTMX)
    assert "Press Approve or Deny." in neither.text
    assert "Write the reason in words" in blank.text
    assert "is not what this card shows any more" in changed.text
    assert "The time to decide is over" in expired.text
    assert "This refund is decided" in decided.text
    assert "is not there any more" in unknown.text
    assert "It may not have been decided; press again" in away.text
    assert ["data-lost" in each.text for each in (changed, away)] == [False, True]
    over = [each.headers.get("HX-Retarget") for each in (blank, changed, expired, decided, unknown, away)]
    assert over == [None, None, f"#card-{refund}", f"#card-{refund}", "#card-AAAA", None]
    assert not console.line.decided


async def test_an_open_page_hears_of_new_and_decided_cards_and_keeps_what_is_being_written(console: Queues) -> None:
    kept, gone = console.refund("1"), console.refund("2")
    async with signed_in(console) as ana:
        console.line.desk(console.tenant, gone).state = "denied"
        console.refund("3")
        answer = await ana.get("/console/approvals/changes", params={"known": [kept, gone]}, headers=HTMX)
    html = answer.text
    assert f'id="standing-{kept}" hx-swap-oob="true"' in html
    assert f'id="reason-{kept}"' not in html, "the form of a card that stays is not touched"
    assert f'id="card-{gone}" hx-swap-oob="true"' in html
    assert "on order 3" in html.split('hx-swap-oob="beforeend:#queue"')[1]
    assert "2 refunds wait" in html


async def test_twenty_cards_are_a_page_and_news_adds_none_to_the_next_one(console: Queues) -> None:
    ids = [console.refund(str(number), hours=number + 1.0) for number in range(23)]
    async with signed_in(console) as ana:
        first = (await ana.get("/console/approvals")).text
        following = (await ana.get("/console/approvals", params={"first": 20})).text
        asked = {"known": ids[20:], "first": 20}
        news = (await ana.get("/console/approvals/changes", params=asked, headers=HTMX)).text
    assert (first.count("<article"), following.count("<article")) == (20, 3)
    assert 'href="/console/approvals?first=20"' in first
    assert (news.count('id="standing-'), news.count("<article")) == (3, 0)


async def test_a_card_decided_here_does_not_come_back_while_the_list_lags_behind(console: Queues) -> None:
    decided = console.refund("1")
    async with signed_in(console) as ana:
        answer = await ana.get("/console/approvals/changes", params={"done": [decided]}, headers=HTMX)
        assert f'id="done-{decided}"' not in answer.text
        console.line.desk(console.tenant, decided).state = "denied"
        later = await ana.get("/console/approvals/changes", params={"done": [decided]}, headers=HTMX)
    assert "on order 1" not in answer.text
    assert "None waiting" in answer.text
    assert f'id="done-{decided}" hx-swap-oob="delete"' in later.text, (
        "the page forgets what the list has caught up with"
    )


async def test_what_outsiders_wrote_is_escaped(console: Queues) -> None:
    evil = '<img src=x onerror="alert(1)">'
    console.shop.orders["5"] = bought = order("5", total_minor=20_000, title=evil, signed_by=evil, label=evil)
    console.line.put(console.tenant, bought, fraud=FraudFacts(score=0.5, band=FraudBand.MEDIUM, reasons=(evil,)))
    html = (await signed_in(console).get("/console/approvals")).text
    assert "<img src=x" not in html
    assert html.count("&lt;img src=x onerror=") == 4


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-origin"}])
async def test_a_decision_that_another_site_may_have_caused_is_not_taken(
    console: Queues, headers: dict[str, str]
) -> None:
    refund = console.refund()
    async with signed_in(console) as ana:
        form = form_of((await ana.get("/console/approvals")).text, refund) | {"form_token": "guessed"}
        answer = await ana.post(f"/console/approvals/{refund}", data=form, headers=headers)
    assert answer.status_code == 403
    assert not console.line.decided


async def test_customers_and_operations_see_no_approvals(console: Queues) -> None:
    console.refund()
    for role in ("customer", "ops"):
        answer = await signed_in(console, "eve", role).get("/console/approvals")
        assert answer.status_code == 403
        assert "12345" not in answer.text
