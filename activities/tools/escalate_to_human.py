"""Asking a person to take over, by a ticket in the shop's helpdesk."""

from pydantic import Field
from temporalio import activity

from activities.errors import Unavailable, Unknown
from activities.heartbeat import beating
from activities.ports import Caller, Shop
from policies.frozen import Fact
from policies.permissions import Effect


class EscalateToHuman(Fact):
    """Hand the conversation to a person."""

    summary: str = Field(description="what the customer wants and what has been tried, in two sentences")


class OpenTicket(Fact):
    caller: Caller
    subject: str
    body: str
    key: str


class Ticket(Fact):
    """An open ticket; the id is empty when only its existence could be read back."""

    ticket_id: str


class Handover:
    effect = Effect.CHANGE

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def escalate_to_human(self, ask: OpenTicket) -> Ticket:
        """Open a ticket, once per key; a lost answer is settled by reading back."""
        tenant = ask.caller.tenant
        async with beating():
            try:
                ticket_id = await self._shop.open_ticket(tenant, ask.caller.customer_id, ask.subject, ask.body, ask.key)
            except Unknown:
                if not await self._shop.write_landed(tenant, ask.key):
                    raise Unavailable("the ticket was not opened") from None
                ticket_id = ""
        return Ticket(ticket_id=ticket_id)
