"""What operators see of a conversation: a case file that says enough, and nothing personal."""

import json

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle

from tests.fakes.shop import order
from tests.workflows.conftest import CUSTOMER, Customer, Here
from workflows.messages import EventKind, refund_workflow_id

SECRETS = ("jane.doe@example.com", "+1 212 555 0100", "marigold", CUSTOMER)
DISPUTE = "marigold: I want a refund on #12345, it never arrived. Mail me: jane.doe@example.com, +1 212 555 0100"


async def page_of(customer: Customer) -> str:
    return str(await customer.handle.query("__temporal_workflow_metadata"))


async def attributes_of(customer: Customer) -> dict[str, object]:
    described = await customer.handle.describe()
    ours = [pair for pair in described.typed_search_attributes if pair.key.name.startswith("Holdfast")]
    return {pair.key.name: pair.value for pair in ours}


async def summaries(handle: WorkflowHandle[object, object]) -> dict[str, list[str]]:
    """Summaries of a run's activities and timers, empty where one has none."""
    found: dict[str, list[str]] = {"activities": [], "timers": []}
    async for event in handle.fetch_history_events():
        said = json.loads(event.user_metadata.summary.data or b'""')
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
            found["activities"].append(said)
        elif event.event_type == EventType.EVENT_TYPE_TIMER_STARTED:
            found["timers"].append(said)
    return found


async def test_an_operator_sees_where_a_conversation_stands(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await customer.say(DISPUTE)
    assert await attributes_of(customer) == {
        "HoldfastTenant": desk.tenant,
        "HoldfastCustomer": "ref",
        "HoldfastIntent": "delivery_dispute",
        "HoldfastStage": "offered",
        "HoldfastOwner": "ai",
        "HoldfastNeedsHuman": False,
        "HoldfastPolicyVersion": "2026-11-01",
        "HoldfastRefundCents": 8999,
    }
    page = await page_of(customer)
    for sight in ("12345", "offered refund of $89.99", "delivery_dispute", "Offer open until"):
        assert sight in page


async def test_an_operator_sees_that_a_person_is_needed(here: Here) -> None:
    customer = here(order()).customer()
    await customer.say("I want a person")
    seen = await attributes_of(customer)
    assert (seen["HoldfastOwner"], seen["HoldfastNeedsHuman"], seen["HoldfastStage"]) == ("person", True, "with_person")
    assert "handed over: customer asks about contact_human" in await page_of(customer)


async def test_nothing_personal_is_shown_beside_a_history(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await customer.say(DISPUTE)
    await customer.say("yes")
    await customer.ask_for_person("marigold")
    described = await customer.handle.describe()
    shown = [await page_of(customer), str(await attributes_of(customer)), str(await described.static_summary())]
    shown += [str(await summaries(customer.handle))]
    assert [secret for secret in SECRETS for text in shown if secret in text] == []


async def test_every_activity_and_timer_says_what_it_is_for(here: Here) -> None:
    desk = here(order())
    customer = desk.customer()
    await customer.say(DISPUTE)
    paid = await customer.say("yes")
    await customer.hears(EventKind.REPLY, 2)
    assert paid.refund
    listed = [
        each
        async for each in desk.client.list_workflows(f"HoldfastTenant = '{desk.tenant}' AND WorkflowType = 'Refund'")
    ]
    assert listed[0].id.startswith(refund_workflow_id(desk.tenant, "12345", ""))
    for handle in (customer.handle, desk.client.get_workflow_handle(listed[0].id)):
        found = await summaries(handle)
        assert found["activities"]
        assert all(found["activities"])
        assert all(found["timers"])
