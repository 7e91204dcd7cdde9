"""A server that dies in the middle of its answers is noticed at once, and another one answers where there is one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import NamedTuple

import pytest

from activities.clients.openai_server import OpenAiServer
from activities.clients.redis_ledger import RedisLedger
from activities.clients.redis_switchboard import RedisSwitchboard
from activities.gateway import Gateway
from activities.inference_ports import Generated, ModelFailed, ModelRequest, Work
from policies.fleet import Deployment
from policies.inference import Allowance
from policies.prompts import ChatMessage
from tests.fakes.model_server import ModelServerScript, Say
from tests.vllm.conftest import Keeper

# Nobody waits for the end of it.
REQUEST = ModelRequest(
    (ChatMessage(role="user", content="where is my parcel"),), most_tokens=6000, pattern="[a-z ]{6000}", temperature=1.0
)
ALLOWANCE = Allowance(tenant="northwind", tiers=("S", "M"), rule="tier.light", calls=3, seconds=240, nano_usd=0)
WORK = Work(task="phrase", prompt="phrase/1", request=REQUEST, allowance=ALLOWANCE)
SPARE_ANSWER = "Your parcel is on its way."


class Listener:
    """Takes an answer and tells when its first words are here."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.drafts: list[str] = []

    async def begin(self) -> bool:
        self.drafts.append("")
        return True

    async def take(self, text: str) -> bool:
        self.drafts[-1] += text
        self.begun.set()
        return True


class Aftermath(NamedTuple):
    """What was under way when the server died, and how it ended; `dead` is asked once more."""

    cut: ModelFailed
    relieved: Generated
    listener: Listener
    alone: Generated
    dead: OpenAiServer


@pytest.fixture(scope="module")
async def aftermath(keeper: Keeper, redis_url: str) -> AsyncIterator[Aftermath]:
    """Let three answers of one server begin, and kill it."""
    vllm = keeper.server()
    async with AsyncExitStack() as stack:
        spare = await stack.enter_async_context(ModelServerScript([Say(SPARE_ANSWER)]))
        switchboard = RedisSwitchboard.at(redis_url)
        stack.push_async_callback(switchboard.close)
        ledger = RedisLedger.at(redis_url)
        stack.push_async_callback(ledger.close)
        doomed = Deployment.model_validate(vllm.deployment("doomed"))
        standby = Deployment(name="standby", tier="M", base_url=spare.base_url, model="scripted")
        servers = {each.name: OpenAiServer(each) for each in (doomed, standby)}
        for server in servers.values():
            stack.push_async_callback(server.close)

        listeners = Listener(), Listener()
        reading, read = asyncio.Event(), servers["doomed"].stream(REQUEST)

        async def read_on() -> None:
            async for _ in read:
                reading.set()

        # The grammar is compiled first, so that all three begin together.
        warming = servers["doomed"].stream(REQUEST)
        await anext(warming)
        await warming.aclose()
        direct = asyncio.create_task(read_on())
        fleets = [doomed, standby], [doomed]
        works = [
            asyncio.create_task(Gateway(fleet, servers, switchboard, ledger).generate(WORK, bool, listener))
            for fleet, listener in zip(fleets, listeners, strict=True)
        ]
        for work, listener in zip(works, listeners, strict=True):
            begun = asyncio.create_task(listener.begun.wait())
            await asyncio.wait([work, begun], return_when=asyncio.FIRST_COMPLETED)
            assert begun.done(), work.result()
        await reading.wait()
        vllm.kill()
        with pytest.raises(ModelFailed) as cut:
            await direct
        relieved, alone = await asyncio.gather(*works)
        yield Aftermath(cut.value, relieved, listeners[0], alone, servers["doomed"])


def test_its_answers_are_cut_off_as_unavailable(aftermath: Aftermath) -> None:
    # Not "timeout": the deployment would have waited a minute for a token.
    assert aftermath.cut.outcome == "unavailable"


def test_another_deployment_answers_from_the_beginning(aftermath: Aftermath) -> None:
    relieved = aftermath.relieved
    assert relieved.text == SPARE_ANSWER
    assert [(call.deployment, call.outcome) for call in relieved.calls] == [
        ("doomed", "unavailable"),
        ("standby", "ok"),
    ]
    assert relieved.calls[0].usage.completion > 0
    half, whole = aftermath.listener.drafts
    assert half
    assert whole == SPARE_ANSWER


def test_without_another_deployment_there_is_no_answer(aftermath: Aftermath) -> None:
    alone = aftermath.alone
    assert (alone.text, alone.reason) == (None, "failed")
    assert [(call.deployment, call.outcome) for call in alone.calls] == [("doomed", "unavailable")]


async def test_whoever_asks_next_is_told_so_too(aftermath: Aftermath) -> None:
    with pytest.raises(ModelFailed) as failed:
        await anext(aftermath.dead.stream(REQUEST))
    assert failed.value.outcome == "unavailable"
