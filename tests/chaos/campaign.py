"""Plays a plan against a running stack: waves under one SIGKILL each, then faults side by side, then the audit."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from tests.chaos.audit import collect
from tests.chaos.books import Books, Case
from tests.chaos.cells import Cell, Door, Fault, Kill, Plan, Step, Wave
from tests.chaos.checker import Claim, Evidence, Finding, claims, judge
from tests.chaos.disturbances import WITH_PEOPLE
from tests.chaos.scene import AUTO_LIMIT, FOUR_EYES_LIMIT, Meeting, Scene
from workers.embedded import EmbeddedStack

AT_ONCE = 6


@dataclass(frozen=True)
class Result:
    """One judged run. `ending` is the last thing the customer was told about the money."""

    scene: Scene
    evidence: Evidence
    findings: tuple[Finding, ...]

    @property
    def ending(self) -> str:
        if self.scene.final is None:
            return "none"
        said = claims(self.scene.final.text)
        return next((str(claim) for claim in (Claim.PAID, Claim.FAILED, Claim.HANDED_OVER) if claim in said), "unpaid")


class Campaign:
    def __init__(self, stack: EmbeddedStack, seed: int, say: Callable[[str], None] = lambda line: None) -> None:
        self._stack = stack
        self._seed = seed
        self._say = say
        self._chance = random.Random(seed)
        self._numbers: Iterator[int] = count(1)

    async def play(self, plan: Plan) -> list[Result]:
        """Play every run of the plan and judge each by what all of them together have left behind."""
        async with Books(self._stack.settings) as books:
            scenes: list[Scene] = []
            for number, wave in enumerate(plan.waves, 1):
                scenes += await self._wave(wave, books)
                self._say(f"wave {number} of {len(plan.waves)}: SIGKILL {wave.part}, {len(wave.kills)} conversations")
            gate = asyncio.Semaphore(AT_ONCE)
            scenes += await asyncio.gather(*(self._fault(fault, books, gate) for fault in plan.faults))
            self._say(f"{len(plan.faults)} conversations met a fault of the shop")
            await books.clear_faults()
            # Judged at the very end, so that a late write of an early run is still seen.
            return list(await asyncio.gather(*(self._judge(scene, books, gate) for scene in scenes)))

    async def _wave(self, wave: Wave, books: Books) -> list[Scene]:
        meeting = Meeting(len(wave.kills))
        scenes = [self._scene(kill, books, meeting) for kill in wave.kills]
        playing = [asyncio.create_task(scene.play()) for scene in scenes]
        await meeting.gathered()
        await self._stack.kill(wave.part)
        meeting.strike()
        await asyncio.sleep(self._chance.uniform(0, 1))
        await self._stack.restart(wave.part)
        return list(await asyncio.gather(*playing))

    async def _fault(self, fault: Fault, books: Books, gate: asyncio.Semaphore) -> Scene:
        scene = self._scene(fault, books)
        async with gate:
            return await scene.play()

    def _scene(self, cell: Cell, books: Books, meeting: Meeting | None = None) -> Scene:
        number = next(self._numbers)
        case = Case(
            number=number,
            tenant=f"chaos-{self._seed}-{number}",
            customer_id=f"U{number}",
            order_id=str(700_000 + number),
            paid_minor=self._amount(cell),
            split=isinstance(cell, Fault) and cell.door is Door.TICKET,
        )
        chance = random.Random(f"{self._seed}/{number}")
        return Scene(
            self._stack.settings, books, case, cell, chance, meeting, conversation_id=f"chaos-{self._seed}-{number}"
        )

    def _amount(self, cell: Cell) -> int:
        """Choose a price that leads through as many approvals as the step needs."""
        four_eyes = self._chance.randint(FOUR_EYES_LIMIT + 1, 2 * FOUR_EYES_LIMIT)
        one_person = self._chance.randint(AUTO_LIMIT + 1, FOUR_EYES_LIMIT)
        if isinstance(cell, Kill) and cell.step is Step.HALF_APPROVED:
            return four_eyes
        if isinstance(cell, Kill) and cell.step in WITH_PEOPLE:
            return self._chance.choice((one_person, one_person, four_eyes))
        return self._chance.randint(500, AUTO_LIMIT)

    async def _judge(self, scene: Scene, books: Books, gate: asyncio.Semaphore) -> Result:
        async with gate:
            evidence = await collect(self._stack.settings, books, scene.customer, scene.confirmed, scene.final_s)
        return Result(scene, evidence, judge(evidence))
