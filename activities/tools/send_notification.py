"""Writing to the customer through the shop's outbox."""

from pydantic import Field
from temporalio import activity

from activities.errors import Unavailable, Unknown
from activities.heartbeat import beating
from activities.ports import Caller, Shop
from policies.frozen import Fact
from policies.permissions import Effect


class SendNotification(Fact):
    """Send the customer an e-mail about what was done."""

    subject: str = Field(description="one line that says what it is about")
    body: str = Field(description="the message, in the customer's language")


class Notify(Fact):
    caller: Caller
    subject: str
    body: str
    key: str


class Notified(Fact):
    """A sent notification; the id is empty when only its existence could be read back."""

    notification_id: str


class Outbox:
    effect = Effect.CHANGE

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @activity.defn
    async def send_notification(self, ask: Notify) -> Notified:
        """Send an e-mail, once per key; a lost answer is settled by reading back."""
        tenant = ask.caller.tenant
        async with beating():
            try:
                notification_id = await self._shop.notify(
                    tenant, ask.caller.customer_id, ask.subject, ask.body, ask.key
                )
            except Unknown:
                if not await self._shop.write_landed(tenant, ask.key):
                    raise Unavailable("the notification was not sent") from None
                notification_id = ""
        return Notified(notification_id=notification_id)
