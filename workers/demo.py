"""`holdfast demo`: a refund dispute from message to money, with the worker killed between confirmation and payment."""

import asyncio
import signal
import time
from urllib.parse import quote

import httpx
import typer

from workers.customer_line import CustomerLine, Refused
from workers.embedded import CannotStart, EmbeddedStack, on_free_ports
from workers.narration import answered, happened, paragraph, spoken, table
from workers.settings import Settings
from workers.shop_admin import Row, ShopAdmin
from workflows.messages import EventKind, OfferCard, Reply, conversation_workflow_id

TENANT, CUSTOMER, ORDER = "northwind", "U789", "12345"
PAID_MINOR, PAID_TEXT = 8999, "$89.99"
COMPLAINT = f"I want a refund on order #{ORDER}, it never arrived"
CONSENT = "Yes, please."
# How long the shop holds the payment before it commits: the window in which the worker is killed.
_HELD_S = 3.0
_PATIENCE_S = 90
_LEDGER = ("refund_id", "order_id", "status", "amount_minor", "currency", "reason_code", "payment_id", "created_at")


async def play(settings: Settings, keep: bool) -> int:
    """Play it on free ports in a new folder below `settings.data`; return 0 only if the books are right."""
    folder = settings.data / time.strftime("%Y%m%d-%H%M%S")
    settings = on_free_ports(settings.model_copy(update={"data": folder}))
    typer.echo(f"Starting Temporal, Redis, the stand-in shop, the API and the workers in {folder} ...")
    began = time.monotonic()
    try:
        async with EmbeddedStack(settings, say=_note) as stack:
            _note(f"ready after {time.monotonic() - began:.1f} s")
            good = await _dispute(stack)
            if keep:
                typer.echo("The stack keeps running; Ctrl-C stops it.")
                await _until_interrupted()
    except (CannotStart, Refused, httpx.TransportError, TimeoutError) as failure:
        typer.secho(f"holdfast: {failure or type(failure).__name__}; see {folder}/logs", err=True, fg="red")
        return 1
    return 0 if good else 1


async def _dispute(stack: EmbeddedStack) -> bool:
    settings = stack.settings
    conversation = f"demo-{time.strftime('%H%M%S')}"
    async with (
        CustomerLine(settings, TENANT, CUSTOMER, conversation) as line,
        CustomerLine(settings, TENANT, "demo-auditor", conversation, "supervisor") as auditor,
        ShopAdmin(settings) as shop,
    ):
        _title(f"Customer {CUSTOMER} of {TENANT} disputes a delivery")
        typer.echo(spoken("customer", COMPLAINT))
        quoted = await line.say(COMPLAINT)
        typer.echo(answered(quoted, await auditor.decision(quoted.turn)))
        if quoted.offer is None:
            return _judge({"an offer was made": False})

        fault = await shop.order_fault(kind="latency", method="POST", path_contains="/refunds", seconds=_HELD_S)
        typer.echo(spoken("customer", CONSENT))
        consent = asyncio.create_task(line.say(CONSENT))
        killed = await _kill_before_payment(stack, shop, fault, consent)
        paid = await asyncio.wait_for(consent, _PATIENCE_S)
        typer.echo(answered(paid, await auditor.decision(paid.turn)))
        told = paid if paid.refund else await _hear_of_refund(line, auditor, paid.offset)

        _title("What the shop's books say")
        refunds, letters = await shop.refunds(TENANT, ORDER), await shop.outbox(TENANT, CUSTOMER)
        typer.echo(table(refunds, _LEDGER))
        for letter in letters:
            typer.echo("\n" + paragraph(f"{letter['subject']}\n{letter['body']}", "  e-mail"))
    _title("Where to look")
    typer.echo(_places(settings, conversation))
    _title("Kept?")
    return _judge(_checks(quoted.offer, told, refunds, letters, killed))


async def _kill_before_payment(stack: EmbeddedStack, shop: ShopAdmin, fault: int, consent: asyncio.Task[Reply]) -> bool:
    """SIGKILL the worker while the shop holds its payment; say whether the ledger was empty at that moment."""
    while not await shop.hits(fault):
        if consent.done():
            _note("the conversation answered before any payment was sent; nothing to interrupt")
            return False
        await asyncio.sleep(0.02)
    worker = stack.pid("conversation")
    await stack.kill("conversation")
    refunds = await shop.refunds(TENANT, ORDER)
    _note(f"the payment request reached the shop, which has not recorded it: {len(refunds)} refunds in the ledger")
    _note(f"conversation worker {worker} ended with SIGKILL in the middle of the payment")
    began = time.monotonic()
    await stack.restart("conversation")
    _note(f"conversation worker started again as {stack.pid('conversation')}, {time.monotonic() - began:.1f} s later")
    return not refunds


async def _hear_of_refund(line: CustomerLine, auditor: CustomerLine, after: int) -> Reply | None:
    """Follow the event stream until the result the customer was promised arrives."""
    async with asyncio.timeout(_PATIENCE_S):
        async for event in line.events(after):
            if note := happened(event):
                typer.echo(note)
            if event.kind in (EventKind.REPLY, EventKind.REFUND) and event.reply:
                typer.echo(answered(event.reply, await auditor.decision(event.reply.turn)))
                if event.reply.refund:
                    return event.reply
    return None


def _checks(
    offer: OfferCard, told: Reply | None, refunds: list[Row], letters: list[Row], killed: bool
) -> dict[str, bool]:
    record = told.refund if told else None
    return {
        f"the offer was for {PAID_TEXT}": offer.amount is not None and offer.amount.minor == PAID_MINOR,
        "the worker was killed after the confirmation and before the payment was recorded": killed,
        "the ledger holds exactly one refund": len(refunds) == 1,
        f"it is of {PAID_MINOR} cents": [row["amount_minor"] for row in refunds] == [PAID_MINOR],
        "the customer was told of this very refund": record is not None
        and [row["refund_id"] for row in refunds] == [record.refund_id]
        and record.amount.minor == PAID_MINOR
        and told is not None
        and PAID_TEXT in told.text,
        "one e-mail about it left": sum(PAID_TEXT in letter["body"] for letter in letters) == 1,
    }


def _judge(checks: dict[str, bool]) -> bool:
    for claim, holds in checks.items():
        typer.secho(f"  {'yes' if holds else 'NO '}  {claim}", fg=None if holds else "red")
    return all(checks.values())


def _places(settings: Settings, conversation: str) -> str:
    path = f"/namespaces/{settings.temporal_namespace}/workflows/"
    workflow = path + quote(conversation_workflow_id(TENANT, conversation), safe="")
    return "\n".join(
        [
            f"  Temporal UI  http://127.0.0.1:{settings.temporal_ui_port}{workflow}",
            f"  Logs         {settings.data}/logs",
            f"  Afterwards   holdfast up --data {settings.data}, then http://127.0.0.1:8233{workflow}",
        ]
    )


async def _until_interrupted() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _title(text: str) -> None:
    typer.secho(f"\n{text}\n{'-' * len(text)}", bold=True)


def _note(line: str) -> None:
    typer.secho(paragraph(line, "  *"), dim=True)
