"""Saying, answering and reading over the line."""

import asyncio
import json

import pytest
from temporalio.client import Client

from api.problems import PROBLEMS
from api.settings import Settings
from tests.api.fakes.conversation import DIGEST
from tests.api.fakes.site import Site, serving, slug
from workflows.messages import Refusal, conversation_workflow_id


async def test_the_first_message_starts_a_conversation_and_is_answered(site: Site, talk: str) -> None:
    answer = await site.say(talk, "hello")
    assert answer.status_code == 200
    assert answer.json()["text"] == "You said hello"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_started_conversation_names_tenant_and_a_hash_but_not_the_customer(
    site: Site, talk: str, temporal: Client
) -> None:
    await site.say(talk, "hello", sub="erika.mustermann")
    described = await temporal.get_workflow_handle(conversation_workflow_id("acme", talk)).describe()
    shown = {pair.key.name: pair.value for pair in described.typed_search_attributes}
    assert shown["HoldfastTenant"] == "acme"
    assert len(shown["HoldfastCustomer"]) == 24
    assert "erika" not in str(shown)
    assert await described.static_summary() == f"acme · {talk}"


async def test_a_repeated_message_id_gets_the_first_answer(site: Site, talk: str) -> None:
    answers = await asyncio.gather(*(site.say(talk, "hello") for _ in range(3)))
    assert len({answer.text for answer in answers}) == 1
    transcript = (await site.get(f"/v1/conversations/{talk}")).json()
    assert [event["offset"] for event in transcript["events"]] == [1, 2]


async def test_why_it_was_decided_is_for_staff_only(site: Site, talk: str) -> None:
    assert (await site.say(talk, "hello")).json()["decision"] is None
    path = f"/v1/conversations/{talk}"
    seen = {role: (await site.get(path, role=role)).json()["events"][-1]["reply"] for role in ("customer", "agent")}
    assert seen["customer"]["decision"] is None
    assert seen["agent"]["decision"]["intent"] == "greeting"
    async with site.follow(talk, 0) as events:
        heard = [(await anext(events)).event for _ in range(2)][-1]
    assert heard.reply
    assert heard.reply.decision is None


async def test_what_the_models_took_is_for_staff_only(site: Site, talk: str) -> None:
    await site.say(talk, "hello")
    path = f"/v1/conversations/{talk}"
    customer, agent = [(await site.get(path, role=role)).json()["spent"] for role in ("customer", "agent")]
    assert agent == {"calls": 2, "usage": {"prompt": 900, "cached": 0, "completion": 40}, "nano_usd": 98_000}
    assert customer == {"calls": 0, "usage": {"prompt": 0, "cached": 0, "completion": 0}, "nano_usd": 0}


async def test_a_guessed_message_id_does_not_hand_a_stranger_the_reply(site: Site, talk: str) -> None:
    await site.say(talk, "hello", "m-secret")
    stranger = await site.say(talk, "hello", "m-secret", sub="bob")
    assert (stranger.status_code, slug(stranger)) == (404, "conversation-not-found")


@pytest.mark.parametrize("refusal", Refusal, ids=str)
async def test_every_refusal_of_a_conversation_becomes_its_problem(site: Site, talk: str, refusal: Refusal) -> None:
    answer = await site.say(talk, f"refuse {refusal}")
    assert (answer.status_code, slug(answer)) == (PROBLEMS[refusal].status, refusal)
    assert answer.json()["detail"] == f"refused: {refusal}"
    assert ("retry-after" in answer.headers) == (answer.status_code == 429)


async def test_an_offer_is_confirmed_once_and_only_with_its_digest(site: Site, talk: str) -> None:
    path = f"/v1/conversations/{talk}/offers"
    absent = await site.post(f"{path}/{DIGEST}/confirm", {"message_id": "m0"})
    assert slug(absent) == "conversation-not-found"
    assert (await site.say(talk, "hello", "m1")).status_code == 200
    assert slug(await site.post(f"{path}/{DIGEST}/confirm", {"message_id": "m2"})) == "offer-absent"
    await site.say(talk, "offer", "m3")
    assert slug(await site.post(f"{path}/other/confirm", {"message_id": "m4"})) == "offer-changed"
    stranger = await site.post(f"{path}/{DIGEST}/confirm", {"message_id": "m5"}, sub="bob")
    assert slug(stranger) == "conversation-not-found"
    first = await site.post(f"{path}/{DIGEST}/confirm", {"message_id": "m6"})
    again = await site.post(f"{path}/{DIGEST}/confirm", {"message_id": "m6"})
    assert first.json()["text"] == "confirmed"
    assert first.text == again.text
    assert slug(await site.post(f"{path}/{DIGEST}/confirm", {"message_id": "m7"})) == "offer-absent"


async def test_declining_escalating_and_feedback_reach_the_conversation(site: Site, talk: str) -> None:
    path = f"/v1/conversations/{talk}"
    await site.say(talk, "offer", "m1")
    declined = await site.post(f"{path}/offers/{DIGEST}/decline", {"message_id": "m2"})
    escalated = await site.post(f"{path}/escalate", {"message_id": "m3", "reason": "please"})
    thanked = await site.post(f"{path}/feedback", {"message_id": "m4", "rating": "up", "comment": "fine"})
    texts = [answer.json()["text"] for answer in (declined, escalated, thanked)]
    assert texts == ["declined", "A person will come: please", "Thank you: up fine"]


async def test_a_closed_conversation_takes_nothing_new_but_repeats_its_last_answer(site: Site, talk: str) -> None:
    first = await site.say(talk, "close", "m1")
    assert first.status_code == 200
    assert (await site.say(talk, "close", "m1")).text == first.text
    for late in (
        await site.say(talk, "one more thing", "m2"),
        await site.post(f"/v1/conversations/{talk}/escalate", {"message_id": "m3"}),
    ):
        assert (late.status_code, slug(late)) == (409, "conversation-closed")
    assert slug(await site.say(talk, "close", "m1", sub="bob")) == "conversation-not-found"
    assert slug(await site.say(talk, "hello", "m4", sub="bob")) == "conversation-not-found"


async def test_a_wish_reaches_the_conversation_as_it_was_declared(site: Site, talk: str) -> None:
    path = f"/v1/conversations/{talk}/messages"
    wish = {"quality": "best", "within_ms": 900, "at_most_usd": 0.002}
    answer = await site.post(path, {"message_id": "m1", "text": "hello", "wish": wish})
    assert answer.json()["text"] == f"You said hello and wish {json.dumps(wish, separators=(',', ':'))}"
    without = await site.post(path, {"message_id": "m2", "text": "hello", "wish": None})
    assert without.json()["text"] == "You said hello"
    narrow = await site.post(path, {"message_id": "m3", "text": "hello", "wish": {"within_ms": 0}})
    assert narrow.json()["text"] == 'You said hello and wish {"quality":"balanced","within_ms":0}'


WISHES = {
    "a quality there is not": {"quality": "cheapest"},
    "time before now": {"within_ms": -1},
    "more than a minute": {"within_ms": 60_001},
    "half a millisecond": {"within_ms": 0.5},
    "money back": {"at_most_usd": -0.01},
    "a fortune": {"at_most_usd": 11},
    "no number": {"at_most_usd": "NaN"},
    "a field there is not": {"model": "the-dearest"},
    "no wish": "best",
}


@pytest.mark.parametrize("wish", WISHES)
async def test_a_wish_that_cannot_be_meant_is_refused_before_anything_is_said(site: Site, talk: str, wish: str) -> None:
    path = f"/v1/conversations/{talk}/messages"
    refused = await site.post(path, {"message_id": "m1", "text": "hello", "wish": WISHES[wish]})
    assert (refused.status_code, slug(refused)) == (422, "request-invalid")
    assert "wish" in refused.text
    assert slug(await site.get(f"/v1/conversations/{talk}")) == "conversation-not-found"


async def test_a_slow_answer_is_promised_and_given_once_under_the_same_id(
    settings: Settings, worker: None, temporal: Client, talk: str
) -> None:
    async with serving(settings.model_copy(update={"answer_wait_seconds": 0.7})) as site:
        waiting = await site.say(talk, "slow")
        assert (waiting.status_code, slug(waiting)) == (504, "still-working")
        assert waiting.headers["retry-after"] == "1"
        await temporal.get_workflow_handle(conversation_workflow_id("acme", talk)).signal("release")
        answered = await site.say(talk, "slow")
        assert answered.json()["text"] == "You said slow"
        assert len((await site.get(f"/v1/conversations/{talk}")).json()["events"]) == 2


READERS = [
    ({}, 200),
    ({"sub": "bob"}, 404),
    ({"sub": "bob", "role": "agent"}, 200),
    ({"sub": "bob", "role": "supervisor"}, 200),
    ({"sub": "bob", "role": "ops"}, 200),
    ({"tenant": "other"}, 404),
    ({"tenant": "other", "role": "supervisor"}, 404),
]


@pytest.mark.parametrize(("who", "status"), READERS, ids=str)
@pytest.mark.parametrize("path", ["", "/events"])
async def test_customers_read_their_own_staff_their_tenants_others_nothing(
    site: Site, talk: str, who: dict[str, str], status: int, path: str
) -> None:
    await site.say(talk, "close")
    answer = await site.get(f"/v1/conversations/{talk}{path}", **who)
    assert answer.status_code == status
    if status == 404:
        assert slug(answer) == "conversation-not-found"
        absent = await site.get(f"/v1/conversations/never-{talk}{path}", **who)
        assert absent.text == answer.text


@pytest.mark.parametrize("role", ["agent", "supervisor", "ops"])
async def test_staff_do_not_speak_as_customers(site: Site, talk: str, role: str) -> None:
    answer = await site.say(talk, "hello", role=role)
    assert (answer.status_code, slug(answer)) == (403, "role-not-allowed")
