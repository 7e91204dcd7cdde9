"""A person of the shop on the line: does the acts that the console sends."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio.client import WorkflowUpdateHandle, WorkflowUpdateStage

from policies.cases import Priority
from tests.workflows.customer import Customer
from workflows.people import (
    Act,
    Assign,
    Claim,
    DeskView,
    HandBack,
    Note,
    Prioritise,
    Resolve,
    Ruling,
    Snooze,
    StaffAct,
    Tag,
    Tell,
)


@dataclass
class Colleague:
    """Somebody who answers one customer."""

    customer: Customer
    subject: str = "ann"
    role: str = "agent"

    @property
    def name(self) -> str:
        return self.subject.title()

    async def act(self, act: Act, act_id: str | None = None) -> DeskView:
        staff = self.staff_act(act, act_id)
        view: DeskView = await self.customer.handle.execute_update("act", staff, result_type=DeskView)
        return view

    async def start(self, act: Act) -> WorkflowUpdateHandle[Any]:
        """Send an act and wait only until it is taken in."""
        return await self.customer.handle.start_update(
            "act", self.staff_act(act), wait_for_stage=WorkflowUpdateStage.ACCEPTED, result_type=DeskView
        )

    def staff_act(self, act: Act, act_id: str | None = None) -> StaffAct:
        return StaffAct(act_id=act_id or uuid.uuid4().hex, by=self.subject, name=self.name, role=self.role, act=act)

    async def claim(self, *, force: bool = False, act_id: str | None = None) -> DeskView:
        return await self.act(Claim(force=force), act_id)

    async def tell(self, text: str, act_id: str | None = None) -> DeskView:
        return await self.act(Tell(text=text), act_id)

    async def note(self, text: str, act_id: str | None = None) -> DeskView:
        return await self.act(Note(text=text), act_id)

    async def assign(self, to: str = "") -> DeskView:
        return await self.act(Assign(to=to, to_name=to.title()))

    async def hand_back(self, *decisions: Ruling, note: str = "") -> DeskView:
        return await self.act(HandBack(note=note, decisions=decisions))

    async def resolve(self, note: str = "") -> DeskView:
        return await self.act(Resolve(note=note))

    async def tag(self, *add: str, remove: Sequence[str] = ()) -> DeskView:
        return await self.act(Tag(add=add, remove=tuple(remove)))

    async def prioritise(self, priority: Priority) -> DeskView:
        return await self.act(Prioritise(priority=priority))

    async def snooze(self, until: datetime | None = None) -> DeskView:
        return await self.act(Snooze(until=until))
