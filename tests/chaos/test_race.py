"""Two of everything, at the same moment, on one order: one refund, and everybody hears of it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count

import httpx
import pytest

from tests.chaos.audit import collect
from tests.chaos.books import Books, Case
from tests.chaos.checker import Claim, claims, is_final, judge
from tests.chaos.people import Approver, Client, Customer, Word
from workers.embedded import EmbeddedStack

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

REPETITIONS = 10
AT_ONCE = 5
BY_ITSELF, ONE_PERSON, FOUR_EYES = 8_999, 24_900, 129_900
NUMBERS = count(1)


@dataclass
class Race:
    """One order and everybody who runs for it."""

    stack: EmbeddedStack
    books: Books
    case: Case
    clients: AsyncExitStack

    async def customer(self, conversation: str, tab: str = "m") -> Customer:
        client = Client(self.stack.settings, self.case.tenant, self.case.customer_id, "customer")
        customer = Customer(await self.clients.enter_async_context(client), self.case, conversation, tab=tab)
        listening = asyncio.create_task(customer.listen())
        self.clients.callback(listening.cancel)
        return customer

    async def approver(self, name: str) -> Approver:
        client = Client(self.stack.settings, self.case.tenant, name, "agent")
        return Approver(await self.clients.enter_async_context(client), name)

    async def offered(self, customer: Customer) -> str:
        sent = await customer.say(f"I want a refund on order #{self.case.order_id}, it never arrived")
        assert sent.offer, sent
        return sent.offer

    async def ends(self, *customers: Customer, refunds: int = 1) -> None:
        """Wait until each has heard a final word, then let the judge look at all of them and count the money."""
        for customer in customers:
            await asyncio.wait_for(customer.hear(_ends), 60)
        for customer in customers:
            evidence = await collect(self.stack.settings, self.books, customer, confirmed=False, final_s=0.0)
            assert judge(evidence) == ()
            assert len(evidence.refunds) == refunds


def _ends(word: Word) -> bool:
    return word.kind != "message.customer" and is_final(word.text)


async def repeat(stack: EmbeddedStack, paid_minor: int, run: Callable[[Race], Awaitable[None]]) -> None:
    """Run the race several times side by side, each on an order of its own."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def once(books: Books) -> None:
        number = next(NUMBERS)
        case = Case(number, f"race-{number}", f"R{number}", str(900_000 + number), paid_minor)
        async with gate, AsyncExitStack() as clients:
            await books.stock(case)
            await run(Race(stack, books, case, clients))

    async with Books(stack.settings) as books, asyncio.TaskGroup() as group:
        for _ in range(REPETITIONS):
            group.create_task(once(books))


async def test_two_conversations_confirm_the_same_refund(stack: EmbeddedStack) -> None:
    async def run(race: Race) -> None:
        one, two = await race.customer("phone"), await race.customer("laptop")
        _, digest = await asyncio.gather(race.offered(one), race.offered(two))
        answers = await asyncio.gather(one.say("Yes, please."), two.confirm(digest))
        assert [answer.status for answer in answers] == [200, 200]
        await race.ends(one, two)

    await repeat(stack, BY_ITSELF, run)


async def test_two_tabs_confirm_in_one_conversation(stack: EmbeddedStack) -> None:
    async def run(race: Race) -> None:
        left, right = await race.customer("shop", "left"), await race.customer("shop", "right")
        digest = await race.offered(left)
        answers = await asyncio.gather(left.confirm(digest), right.confirm(digest))
        assert {answer.status for answer in answers} <= {200, 409}
        assert 200 in [answer.status for answer in answers]
        await race.ends(left, right)

    await repeat(stack, BY_ITSELF, run)


async def test_two_approvers_decide_at_once(stack: EmbeddedStack) -> None:
    async def run(race: Race) -> None:
        customer, answers = await _decided(race, approve=(True, True))
        assert 200 in [answer.status_code for answer in answers]
        assert {answer.status_code for answer in answers} <= {200, 409}
        await race.ends(customer)

    await repeat(stack, ONE_PERSON, run)


async def test_four_eyes_look_at_once(stack: EmbeddedStack) -> None:
    async def run(race: Race) -> None:
        customer, answers = await _decided(race, approve=(True, True))
        assert [answer.status_code for answer in answers] == [200, 200]
        await race.ends(customer)

    await repeat(stack, FOUR_EYES, run)


async def test_a_yes_and_a_no_at_once_end_in_one_of_them(stack: EmbeddedStack) -> None:
    async def run(race: Race) -> None:
        customer, answers = await _decided(race, approve=(True, False))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        denied = answers[1].status_code == 200
        await race.ends(customer, refunds=0 if denied else 1)
        paid = any(Claim.PAID in claims(word.text) for word in customer.heard.values())
        assert paid is not denied

    await repeat(stack, ONE_PERSON, run)


async def _decided(race: Race, approve: tuple[bool, bool]) -> tuple[Customer, list[httpx.Response]]:
    """Lead one conversation to its approval and let two people decide at the same moment."""
    customer = await race.customer("shop")
    await race.offered(customer)
    await customer.say("Yes, please.")
    ann, ben = await race.approver("ann"), await race.approver("ben")
    card = await ann.find()
    answers = await asyncio.gather(ann.decide(card, approve[0]), ben.decide(card, approve[1]))
    return customer, list(answers)
