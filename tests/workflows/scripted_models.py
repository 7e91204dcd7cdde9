"""Doubles of the models: what each desk lets them say, and where the drafts of its replies go."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from temporalio import activity

from activities.event_log import RaiseFence
from activities.inference import Inference
from activities.inference_ports import DraftPlace, Drafts, Generated, Sink, Work
from activities.intent_files import read_intents
from activities.prompt_files import read_prompts
from policies.inference import Deployed, ModelCall, Price, Usage, cost

if TYPE_CHECKING:
    from tests.workflows.desk import Desk

INSTRUCTIONS, INTENTS = Path("policies/instructions"), Path("policies/intents")
SMALL = Deployed(name="small", tier="S", region="local", context=8192, price=Price(input=0.1, output=0.2))
LARGE = SMALL.model_copy(update={"name": "large", "tier": "L"})
TOKENS = Usage(prompt=100, cached=40, completion=10)
PIECE = 7


class ScriptedModels:
    """A gateway and drafts for all desks: the tenant names whose script a call follows."""

    def __init__(self, desks: Mapping[str, "Desk"]) -> None:
        self._desks = desks

    def activities(self) -> list[Callable[..., Any]]:
        drafts = cast(Drafts, self)
        tasks = Inference(self, read_prompts(INSTRUCTIONS), read_intents(INTENTS), drafts)
        return [
            tasks.route_intent,
            tasks.propose_tools,
            tasks.rewrite_query,
            tasks.write_policy_answer,
            tasks.phrase_reply,
        ]

    @activity.defn(name="raise_fence")
    async def raise_fence(self, ask: RaiseFence) -> None:
        desk = self._desk_of(ask.stream)
        await desk.answers("raise_fence")
        desk.fences.append(ask.epoch)
        desk.held_drafts.append(ask.held)
        desk.highest_epoch = max(desk.highest_epoch, ask.epoch)

    async def generate(self, work: Work, accept: Callable[[str], bool], sink: Sink | None = None) -> Generated:
        desk = self._desks[work.allowance.tenant]
        desk.works.append(work)
        await desk.answers(work.task)
        deployed = next(each for each in desk.fleet if each.tier == work.allowance.tiers[0])
        call = ModelCall(
            task=work.task,
            deployment=deployed.name,
            tier=deployed.tier,
            prompt=work.prompt,
            outcome="ok",
            usage=desk.usage,
            nano_usd=cost(desk.usage, deployed.price),
            attempt=work.attempt,
        )
        text = desk.model(work)
        if text is None:
            return Generated(None, (call.model_copy(update={"outcome": desk.fails_as}),), "failed")
        wanted = True
        if sink:
            wanted = await sink.begin()
            for at in range(0, len(text), PIECE):
                wanted = wanted and await sink.take(text[at : at + PIECE])
        if wanted and accept(text):
            return Generated(text, (call,))
        outcome, reason = ("malformed", "malformed") if wanted else ("cancelled", "stopped")
        return Generated(None, (call.model_copy(update={"outcome": outcome}),), reason)

    async def begin(self, place: DraftPlace) -> bool:
        desk = self._desk_of(place.stream)
        desk.highest_epoch = max(desk.highest_epoch, place.epoch)
        return self._drafted("begin", place)

    async def add(self, place: DraftPlace, text: str) -> bool:
        await self._desk_of(place.stream).answers("draft")
        return self._drafted("delta", place, text)

    async def drop(self, place: DraftPlace) -> bool:
        return self._drafted("drop", place)

    def _drafted(self, kind: str, place: DraftPlace, text: str = "") -> bool:
        desk = self._desk_of(place.stream)
        if place.epoch < desk.highest_epoch or max(desk.log.streams.get(place.stream, [0])) > place.after:
            desk.refused.append((kind, place))
            return False
        desk.drafted.append((kind, place, text))
        return True

    def _desk_of(self, stream: str) -> "Desk":
        return self._desks[stream.split(":")[2]]
