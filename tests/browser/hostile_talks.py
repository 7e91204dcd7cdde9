"""A conversation, its order, its inbox row and a colleague in which every free text is the same hostile words."""

from datetime import UTC, datetime, timedelta

from activities.desk_ports import Member
from policies.cases import Decided
from policies.facts import OrderStatus
from policies.inbox import Row
from tests.browser.console_talks import dispute
from tests.fakes.console_site import ConsoleSite
from tests.fakes.desk_line import opened
from tests.fakes.orders import order
from workflows.messages import Event, EventKind, Link
from workflows.people import DeskView, StaffLine

TALK = "c-hostile"


async def plant(site: ConsoleSite, words: str) -> None:
    """Put the words wherever a customer, a shop, a model or a colleague writes freely."""
    now = datetime.now(UTC)
    talk = dispute(site.tenant)
    reply = talk.events[1].reply
    assert reply is not None
    assert reply.decision is not None
    tool = reply.decision.tools[0].model_copy(update={"tool": words, "outcome": words, "note": words})
    verdict = reply.decision.verdicts[2].model_copy(update={"rule": words, "numbers": {"asked": words}})
    decision = reply.decision.model_copy(update={"tools": (tool,), "verdicts": (verdict,), "intent": words})
    citation = reply.citations[0].model_copy(update={"title": words, "document": words, "clause_id": words})
    links = (
        Link(kind="label", order_id=words, url=words),
        Link(kind="label", order_id=words, url="javascript:alert(1)"),
        Link(kind="delivery_photo", order_id="1", awb=words),
    )
    explained = reply.model_copy(update={"decision": decision, "citations": (citation,), "links": links})
    events = (
        Event(offset=1, kind=EventKind.CUSTOMER, at=now, text=words),
        Event(offset=2, kind=EventKind.REPLY, at=now, text=words, reply=explained),
        Event(offset=3, kind=EventKind.PERSON, at=now, text=words, by=words),
        Event(offset=4, kind=EventKind.CLAIMED, at=now, text=words, by=words),
        Event(offset=5, kind=EventKind.FEEDBACK, at=now, text=words),
    )
    desk = DeskView(
        case=opened("asked", words, assignee="ana", assignee_name=words, claimed_at=now),
        tags=(words,),
        lines=(StaffLine(number=1, at=now, kind="note", by="ana", name=words, text=words),),
        decisions=(Decided(matter="other", order_id=words, agreed=True, words=words[:500], by_name=words, at=now),),
    )
    changed = {"conversation_id": TALK, "events": events, "last_offset": 5, "desk": desk, "stage": words}
    await site.line.begin(talk.model_copy(update=changed), words)
    parcel = order(words, title=words, label=words, signed_by=words, awb=words)
    other = order(f"{words} 2", title=words, status=OrderStatus.IN_TRANSIT)
    site.shop.orders = {each.order_id: each for each in (parcel, other)}
    found = await site.desk.find(site.tenant, TALK)
    assert found is not None
    hostile = {"preview": words, "tags": (words,), "intent": words, "assignee_name": words, "order_id": words}
    await site.desk.file(
        Row.model_validate(
            {**found.model_dump(), **hostile, "customer_id": words, "version": int(now.timestamp() * 1e6)}
        )
    )
    await site.desk.seen(site.tenant, Member(subject="ana", name=words, role="agent", until=now + timedelta(minutes=5)))
    await site.desk.typing(site.tenant, TALK, "ana", words)
