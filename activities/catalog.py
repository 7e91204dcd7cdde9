"""Every tool there is, one line each; a line here is what makes a tool known to playbooks, models and tests."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from activities.desk_ports import Pauses
from activities.hydration import Hydration
from activities.ports import Shop
from activities.readback import Readback
from activities.tools.cancel_order import CancelDesk, CancelOrder
from activities.tools.change_address import AddressDesk, ChangeAddress
from activities.tools.check_fraud_score import CheckFraudScore, FraudCheck
from activities.tools.escalate_to_human import EscalateToHuman, Handover
from activities.tools.get_delivery_photo import GetDeliveryPhoto, PhotoLookup
from activities.tools.get_eta import EtaLookup, GetEta
from activities.tools.get_order_status import GetOrderStatus, OrderLookup
from activities.tools.get_return_window import GetReturnWindow, ReturnWindowLookup
from activities.tools.initiate_refund import InitiateRefund, RefundDesk
from activities.tools.initiate_return import InitiateReturn, ReturnDesk
from activities.tools.search_policy import PolicySearch, SearchPolicy
from activities.tools.send_notification import Outbox, SendNotification
from policies.frozen import Fact
from policies.permissions import Effect

Queue = Literal["conversation", "knowledge"]


@dataclass(frozen=True)
class Tool:
    """What a tool says of itself: its name, the line and the fields a model reads, its effect, where it runs.

    A tool that is not `proposable` is a step that a state machine takes by itself; no model is shown it.
    """

    name: str
    says: str
    takes: type[Fact]
    effect: Effect
    queue: Queue
    made_by: Callable[..., object]
    proposable: bool = True


def _tool(made_by: type[Any], takes: type[Fact], queue: Queue = "conversation", proposable: bool = True) -> Tool:
    """Read a tool's own description; its file's name is its name, and its activity's."""
    name = made_by.__module__.rpartition(".")[2]
    says = (inspect.getdoc(takes) or "").partition("\n")[0]
    return Tool(name, says, takes, made_by.effect, queue, made_by, proposable)


CATALOG: tuple[Tool, ...] = (
    _tool(OrderLookup, GetOrderStatus),
    _tool(PhotoLookup, GetDeliveryPhoto),
    _tool(EtaLookup, GetEta),
    _tool(PolicySearch, SearchPolicy, queue="knowledge"),
    _tool(ReturnWindowLookup, GetReturnWindow),
    _tool(FraudCheck, CheckFraudScore, proposable=False),
    _tool(RefundDesk, InitiateRefund),
    _tool(ReturnDesk, InitiateReturn),
    _tool(CancelDesk, CancelOrder),
    _tool(AddressDesk, ChangeAddress),
    _tool(Handover, EscalateToHuman),
    _tool(Outbox, SendNotification, proposable=False),
)


def tool_activities(shop: Shop, pauses: Pauses | None = None) -> list[Callable[..., Any]]:
    """Make the activities of the conversation queue that need nothing but the shop, and to know what is paused."""
    tools = [getattr(tool.made_by(shop), tool.name) for tool in CATALOG if tool.queue == "conversation"]
    hydration, readback = Hydration(shop, pauses), Readback(shop)
    return [*tools, hydration.hydrate, readback.read_back_refund, readback.did_write_land]
