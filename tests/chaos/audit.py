"""Collects what a conversation has left behind, after the fact and from the outside only."""

import asyncio
from contextlib import suppress

from tests.chaos.books import Books
from tests.chaos.checker import Evidence
from tests.chaos.people import Client, Customer
from workers.settings import Settings

CATCH_UP_S = 15


async def collect(
    settings: Settings, books: Books, talked: Customer, confirmed: bool, final_s: float | None
) -> Evidence:
    """Read the transcript, the rest of the event stream and the shop's books; `talked` brings the customer's notes."""
    case = talked.case
    async with Client(settings, case.tenant, case.customer_id, "customer") as client:
        customer = Customer(client, case, talked.conversation_id, heard=dict(talked.heard))
        transcript = await customer.transcript()
        await _catch_up(customer, max((word.offset for word in transcript), default=0))
    payments, refunds = await books.ledger(case.tenant)
    return Evidence(
        case=case,
        confirmed=confirmed,
        final_s=final_s,
        transcript=transcript,
        heard=frozenset(customer.heard),
        sent=tuple(talked.sent),
        payments=payments,
        refunds=refunds,
        letters=await books.letters(case.tenant),
        tickets=await books.tickets(case.tenant),
    )


async def _catch_up(customer: Customer, last: int) -> None:
    """Follow the stream again from the last word heard: what was told after the final word must be on it too."""
    listening = asyncio.create_task(customer.listen())
    with suppress(TimeoutError):
        async with asyncio.timeout(CATCH_UP_S):
            await customer.hear(lambda word: word.offset >= last)
    listening.cancel()
