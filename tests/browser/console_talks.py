"""Conversations as people of a shop find them: a dispute with everything on record, and an inbox around it."""

from datetime import UTC, date, datetime, timedelta

from policies.cases import Decided, Priority
from policies.clauses import Citation
from policies.facts import CustomerFacts, OrderBrief
from policies.inbox import Row
from policies.inference import ModelCall, Usage
from policies.retrieval import Consulted
from policies.tiers import TierChoice
from policies.verdict import Outcome, Verdict
from tests.fakes.console_site import ConsoleSite
from tests.fakes.desk_line import opened
from tests.fakes.orders import order
from workflows.messages import Event, EventKind, Reply, Transcript
from workflows.people import DeskView, StaffLine
from workflows.record import Decision, Spent, ToolUse

DISPUTE = "c-dispute"
VERSION = "2026-11-01"


def talk(
    tenant: str, conversation_id: str, *said: tuple[EventKind, str], customer: str = "U789", **more: object
) -> Transcript:
    """Make a conversation that began a minute ago for each thing said."""
    begun = datetime.now(UTC) - timedelta(minutes=len(said))
    events = tuple(
        Event(offset=number, kind=kind, at=begun + timedelta(minutes=number - 1), text=text)
        for number, (kind, text) in enumerate(said, 1)
    )
    known = {"tenant": tenant, "conversation_id": conversation_id, "customer_id": customer, "policy_version": VERSION}
    open_ = {"stage": "open", "owner": "ai", "closed": False, "offer": None, "summary": "", "desk": DeskView()}
    return Transcript.model_validate({**known, **open_, "events": events, "last_offset": len(events), **more})


def dispute(tenant: str) -> Transcript:
    """A parcel that never came and a refund above the limit: the AI handed it over."""
    talked = talk(
        tenant,
        DISPUTE,
        (
            EventKind.CUSTOMER,
            "Hi, I never received order 12345 although tracking says delivered. I want my money back.",
        ),
        (
            EventKind.REPLY,
            "The carrier says that building staff signed for it on 17 November. I have asked a colleague.",
        ),
        (EventKind.HANDOFF, "A colleague will look at this and answer by 14:30 today."),
        (EventKind.CUSTOMER, "There is no building staff here! It is a house.\nPlease hurry."),
    )
    explained = talked.events[1].model_copy(update={"reply": _reply(talked.events[1].at)})
    events = (talked.events[0], explained, *talked.events[2:])
    now = datetime.now(UTC)
    summary = (
        "Why: the amount is above what may be paid without a person",
        "About: delivery dispute, order #12345",
        "Earlier: carrier says delivered, signed by building staff",
    )
    desk = DeskView(
        case=opened("policy", *summary, waits_minutes=12, promised_at=now + timedelta(minutes=40)),
        tags=("dispute", "house-address"),
        priority=Priority.HIGH,
        due_at=now + timedelta(minutes=18),
        lines=(
            StaffLine(number=1, at=talked.events[2].at, kind="system", text="handed over: refund above the limit"),
            StaffLine(
                number=2, at=now, kind="note", by="ana", name="Ana", text="Carrier called: looks like a misdelivery."
            ),
        ),
        decisions=(
            Decided(
                matter="return",
                order_id="12345",
                agreed=False,
                words="Nothing needs to be sent back.",
                by_name="Ana",
                at=now,
            ),
        ),
    )
    return talked.model_copy(
        update={
            "events": events,
            "desk": desk,
            "owner": "person",
            "stage": "with_person",
            "spent": Spent(calls=1, nano_usd=184_000),
        }
    )


def _reply(at: datetime) -> Reply:
    clause = Citation(
        chunk_id="northwind/disputes#2",
        document="disputes.all",
        clause_id="NW-DISP-2",
        title="Delivery disputes above $200",
        version="2026-10",
        effective_from="2026-10-01",
    )
    verdicts = (
        Verdict(outcome=Outcome.ALLOW, rule="message.trusted", policy_version=VERSION, numbers={"score": 0.01}),
        Verdict(
            outcome=Outcome.ASK_HUMAN,
            rule="refund.above_auto_limit",
            policy_version=VERSION,
            numbers={"asked_minor": 24_900, "auto_limit_minor": 20_000},
        ),
        Verdict(outcome=Outcome.DENY, rule="made.up_rule", policy_version=VERSION),
    )
    call = ModelCall(
        task="phrase",
        deployment="small-eu",
        tier="S",
        outcome="ok",
        usage=Usage(prompt=412, completion=38),
        nano_usd=184_000,
    )
    decision = Decision(
        turn=1,
        at=at,
        intent="delivery_dispute",
        confidence=0.93,
        playbook="refunds",
        tier="S",
        policy_version=VERSION,
        verdicts=verdicts,
        tools=(
            ToolUse(tool="get_order_status", outcome="ok", note="delivered"),
            ToolUse(tool="check_fraud_score", outcome="ok"),
        ),
        consulted=(Consulted(on=date(2026, 11, 21), path="fast", clauses=("NW-DISP-2",), confidence=0.88),),
        choices=(TierChoice(tier="S", rule="tier.light"),),
        calls=(call,),
    )
    return Reply(
        offset=2, turn=1, answers=("m1",), text="", at=at, stage="open", citations=(clause,), decision=decision
    )


async def furnish(site: ConsoleSite) -> None:
    """Fill shop and inbox with what a working day looks like."""
    shoes = order(total_minor=24_900, awb="PW123456785")
    mug = order("12399", status="in_transit", title="Enamel mug, 2 pieces", total_minor=1_890)
    site.shop.orders = {each.order_id: each for each in (shoes, mug)}
    briefs = tuple(
        OrderBrief(order_id=each.order_id, status=each.status, titles=(each.lines[0].title,), placed_at=each.placed_at)
        for each in (shoes, mug)
    )
    site.shop.customers["U789"] = CustomerFacts(customer_id="U789", tier="gold", region="US", orders=briefs)
    await site.line.begin(dispute(site.tenant), "12345")
    for row in _others(site.tenant):
        await site.desk.file(row)


def _others(tenant: str) -> list[Row]:
    now = datetime.now(UTC)

    def row(number: int, preview: str, **more: object) -> Row:
        at = now - timedelta(minutes=7 * number)
        plain = {
            "version": 1,
            "opened_at": at,
            "updated_at": at,
            "order_id": str(20_000 + number),
            "turns": number % 5 + 1,
        }
        named = {
            "tenant": tenant,
            "conversation_id": f"c-{number}",
            "customer_id": f"U{300 + number}",
            "preview": preview,
        }
        return Row.model_validate({**plain, **named, **more})

    def ago(minutes: int) -> datetime:
        return now - timedelta(minutes=minutes)

    person = {"owner": "person", "stage": "with_person", "why": "asked"}
    mine = {**person, "assignee": "ben", "assignee_name": "Ben", "claimed": True}
    anas = {**mine, "assignee": "ana", "assignee_name": "Ana"}
    late = {**person, "breached": True, "priority": Priority.URGENT, "supervisor": True, "tags": ("vip",)}
    broken = (
        "The lamp arrived with a broken shade, and the box was open. See the photos: I want a new one, not my money."
    )
    tags = ("damaged", "photos", "lamp", "second-time")
    stuck = "shows no movement since Tuesday."
    return [
        row(1, "Where is my parcel? It should have been here on Monday.", intent="track_order"),
        row(2, "Is anybody there??", **late, intent="complaint", waiting_since=ago(120), due_at=ago(47)),
        row(3, "Thanks, I will send a picture tonight.", **mine, waits_for_customer=True),
        row(4, broken, **mine, intent="damaged_or_wrong_item", waiting_since=ago(4), due_at=ago(-26), tags=tags),
        row(5, "Your refund of $412.00 waits for approval.", intent="refund_request", stage="waiting_approval"),
        row(6, "Ich möchte die Lieferadresse ändern.", intent="change_address", language="de"),
        row(7, "Bitte rufen Sie mich an.", **mine, language="de", snoozed_until=ago(-240)),
        row(8, "Perfect, thank you!", closed=True, stage="closed", rating="up"),
        row(9, "I would like an invoice with VAT.", **anas, waiting_since=ago(9), due_at=ago(-51)),
        *(row(number, f"Order {20_000 + number} {stuck}", intent="track_order") for number in range(20, 80)),
    ]
