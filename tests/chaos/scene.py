"""One run: a dispute on a fresh order, led to the step where it is disturbed, and on to its final word."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Self

from tests.chaos.books import Books, Case
from tests.chaos.cells import Cell, Fault, Kind, Step
from tests.chaos.checker import Claim, claims, is_final
from tests.chaos.disturbances import BEFORE_OFFER, HOLD_S, WITH_PEOPLE, fault_spec, hold_spec
from tests.chaos.people import Approver, Client, Customer, Sent, Word
from workers.settings import Settings

LIMIT_S = 90
# A shop that stays down is asked again for over two minutes before the refund is given up.
LONG_LIMIT_S = 180
PATIENCE_S = 30
# What the pinned policy pays by itself, and with one approval; in cents.
AUTO_LIMIT, FOUR_EYES_LIMIT = 15_000, 100_000
AGREED = ("Yes, please.", "yes", "Yes, go ahead", "[confirm]")


class Meeting:
    """Where the conversations of a wave wait for each other, and then for the SIGKILL."""

    def __init__(self, expected: int) -> None:
        self._line = asyncio.Barrier(expected)
        self._missing = expected
        self._all_there = asyncio.Event()
        self.struck = asyncio.Event()
        self.struck_at = 0.0

    async def line_up(self) -> None:
        """Wait until everybody is ready for the last act; one that broke down holds nobody up."""
        with contextlib.suppress(asyncio.BrokenBarrierError, TimeoutError):
            await asyncio.wait_for(self._line.wait(), PATIENCE_S)

    def arrive(self) -> None:
        self._missing -= 1
        if self._missing <= 0:
            self._all_there.set()

    async def give_up(self) -> None:
        await self._line.abort()
        self.arrive()

    async def gathered(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._all_there.wait(), 2 * PATIENCE_S)

    def strike(self) -> None:
        self.struck_at = monotonic()
        self.struck.set()


@dataclass
class Scene:
    """A run under way, and what it leaves: `on_step` is False when the disturbance missed the step it was meant for."""

    settings: Settings
    books: Books
    case: Case
    cell: Cell
    chance: random.Random
    meeting: Meeting | None = None
    conversation_id: str = ""
    on_step: bool = False
    confirmed: bool = False
    final: Word | None = None
    final_s: float | None = None
    trouble: str = ""
    customer: Customer = field(init=False)
    _disturbed_at: float = 0.0

    async def play(self) -> Self:
        """Converse until the final word, within the limit; whatever breaks here is kept as `trouble`."""
        async with Client(self.settings, self.case.tenant, self.case.customer_id, "customer") as client:
            self.customer = Customer(client, self.case, self.conversation_id)
            listening = asyncio.create_task(self.customer.listen())
            self._disturbed_at = monotonic()
            try:
                await self._converse()
                async with asyncio.timeout(LONG_LIMIT_S if _is_long(self.cell) else LIMIT_S):
                    self.final = await self.customer.hear(_ends)
                self.final_s = monotonic() - self._disturbed_at
            except TimeoutError:
                self.trouble = "time is over"
            except Exception as error:
                self.trouble = repr(error)
            finally:
                listening.cancel()
                if self.meeting and not self.meeting.struck.is_set():
                    await self.meeting.give_up()
        return self

    async def _converse(self) -> None:
        await self.books.stock(self.case)
        if self._strikes(Step.MESSAGE_TAKEN):
            offer = await self._disturbed(self._say(_dispute(self.case)))
        else:
            offer = await self._say(_dispute(self.case))
        if offer.offer is None:
            return
        if self._strikes(Step.OFFERED):
            await self._disturbed(None)
        if self._on_the_way_to_money():
            await self._disturbed(self._consent(offer.offer))
        else:
            await self._consent(offer.offer)
        if self.case.paid_minor > AUTO_LIMIT:
            await self._gather_approvals()

    def _on_the_way_to_money(self) -> bool:
        if isinstance(self.cell, Fault):
            return self.cell.door not in BEFORE_OFFER
        return self.cell.step not in (Step.MESSAGE_TAKEN, Step.OFFERED, *WITH_PEOPLE)

    def _strikes(self, step: Step) -> bool:
        if isinstance(self.cell, Fault):
            return step is Step.MESSAGE_TAKEN and self.cell.door in BEFORE_OFFER
        return self.cell.step is step

    async def _say(self, text: str) -> Sent:
        """Say it, and say it again where we were asked to write again later."""
        while True:
            sent = await self.customer.say(text)
            if Claim.OUTAGE not in claims(sent.answer):
                return sent
            await asyncio.sleep(1)

    async def _consent(self, digest: str) -> Sent:
        words = self.chance.choice(AGREED)
        self.confirmed = True
        if words != "[confirm]":
            return await self._say(words)
        while True:
            sent = await self.customer.confirm(digest)
            if Claim.OUTAGE not in claims(sent.answer):
                return sent
            await asyncio.sleep(1)

    async def _gather_approvals(self) -> None:
        names = ["ann", "ben"] if self.case.paid_minor > FOUR_EYES_LIMIT else ["ann"]
        async with contextlib.AsyncExitStack() as clients:
            people = [await self._approver(name, clients) for name in names]
            card = await people[0].find()
            if self._strikes(Step.WAITING):
                await self._disturbed(None)
            for person in people[:-1]:
                await person.decide(card)
            if self._strikes(Step.HALF_APPROVED):
                await self._disturbed(None)
            if self._strikes(Step.APPROVED):
                await self._disturbed(people[-1].decide(card))
            else:
                await people[-1].decide(card)

    async def _approver(self, name: str, clients: contextlib.AsyncExitStack) -> Approver:
        client = Client(self.settings, self.case.tenant, name, "supervisor")
        return Approver(await clients.enter_async_context(client), name)

    async def _disturbed(self, act: Any) -> Any:
        """Do the act, if there is one, into the disturbance: held in flight until the kill, or into a fault."""
        if isinstance(self.cell, Fault):
            fault = await self.books.order_fault(self.case.tenant, **fault_spec(self.cell, self.case))
            self._disturbed_at = monotonic()
            done = await act
            # The call may come after the answer: an e-mail does.
            self.on_step = await self.books.struck(fault, PATIENCE_S)
            return done
        assert self.meeting is not None
        spec = hold_spec(self.cell, self.case)
        fault = await self.books.order_fault(self.case.tenant, **spec) if spec else 0
        await self.meeting.line_up()
        acting = asyncio.create_task(act) if act and spec else None
        seen = not spec or await self.books.struck(fault, PATIENCE_S)
        reached = monotonic()
        self.meeting.arrive()
        await self.meeting.struck.wait()
        self._disturbed_at = self.meeting.struck_at
        self.on_step = seen and (not spec or self._disturbed_at - reached < HOLD_S)
        return await (acting or act) if act else None


def _dispute(case: Case) -> str:
    return f"I want a refund on order #{case.order_id}, it never arrived"


def _is_long(cell: Cell) -> bool:
    return isinstance(cell, Fault) and cell.kind is Kind.DOWN_FOR_LONG


def _ends(word: Word) -> bool:
    return word.kind != "message.customer" and is_final(word.text)
