"""A reply is put into other words sentence by sentence: only what was found true is shown, and what failed is void."""

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.errors import Unavailable
from activities.inference_asks import Phrased, PhraseReply
from activities.inference_ports import DraftPlace, Generated, Sink, Work
from activities.phrasing import Phrasing
from policies.inference import ModelCall
from policies.prompts import Turned
from policies.thoughts import PATTERN
from tests.activities.asks import ALLOWANCE, ORDERS, PROMPTS, asking

TOLD = ("Order #NW-10023 (Desk lamp) is on its way.", "It is expected on 23 November 2026.")
SPOKEN = "Your order #NW-10023 (Desk lamp) is on its way. It is expected on 23 November 2026."
PLACE = DraftPlace("holdfast:events:northwind:c1", after=4, epoch=7)


def thinking(response: str, thought: str = "first where it is") -> str:
    return f"<thought>{thought}</thought>\n<response>{response}</response>"


@dataclass
class ShownDrafts:
    """Drafts as a client sees them; after `closed_at` entries a fence stands, after `down_at` nobody can be reached."""

    seen: list[tuple[str, str]] = field(default_factory=list)
    places: list[DraftPlace] = field(default_factory=list)
    closed_at: int = 99
    down_at: int = 99

    async def begin(self, place: DraftPlace) -> bool:
        return self._write("begin", place)

    async def add(self, place: DraftPlace, text: str) -> bool:
        return self._write("add", place, text)

    async def drop(self, place: DraftPlace) -> bool:
        return self._write("drop", place)

    async def raise_fence(self, stream: str, epoch: int) -> None:
        raise AssertionError("no phrasing raises a fence")

    def _write(self, kind: str, place: DraftPlace, text: str = "") -> bool:
        if len(self.seen) >= self.down_at:
            raise Unavailable("no Redis")
        if len(self.seen) >= self.closed_at:
            return False
        self.seen.append((kind, text))
        self.places.append(place)
        return True


class Decoding:
    """A generator that decodes texts one after the other in small pieces, as the gateway does when one fails."""

    def __init__(self, *texts: str, piece: int = 3) -> None:
        self._texts = texts
        self._piece = piece
        self.works: list[Work] = []
        self.taken = ""

    async def generate(self, work: Work, accept: Callable[[str], bool], sink: Sink | None = None) -> Generated:
        assert sink
        self.works.append(work)
        calls: list[ModelCall] = []
        for text in self._texts:
            call = ModelCall(task=work.task, deployment="small", tier="S", outcome="ok", attempt=work.attempt)
            wanted = await self._decode(text, sink)
            accepted = wanted and accept(text)
            outcome = "ok" if accepted else "malformed" if wanted else "cancelled"
            calls.append(call.model_copy(update={"outcome": outcome}))
            if accepted or not wanted:
                return Generated(text if accepted else None, tuple(calls), "" if accepted else "stopped")
        return Generated(None, tuple(calls), "malformed" if calls else "failed")

    async def _decode(self, text: str, sink: Sink) -> bool:
        self.taken = ""
        if not await sink.begin():
            return False
        for at in range(0, len(text), self._piece):
            self.taken += text[at : at + self._piece]
            await asyncio.sleep(0)
            if not await sink.take(text[at : at + self._piece]):
                return False
        return True


def ask(*sentences: str, message: str = "where is it?", language: str = "en", **more: Any) -> PhraseReply:
    place = {"stream": PLACE.stream, "after": PLACE.after, "epoch": PLACE.epoch}
    return PhraseReply(**asking(message, *ORDERS, language=language) | place | {"sentences": sentences or TOLD} | more)


async def phrased(model: Decoding | None, drafts: ShownDrafts | None, asked: PhraseReply | None = None) -> Phrased:
    return await Phrasing(model, PROMPTS, drafts).phrase(asked or ask())


async def test_a_true_reply_is_shown_sentence_by_sentence_and_without_its_thought() -> None:
    drafts = ShownDrafts()
    answer = await phrased(Decoding(thinking(SPOKEN)), drafts)
    assert (answer.text, answer.reasons) == (SPOKEN, ())
    first, *rest = drafts.seen
    assert first == ("begin", "")
    assert [kind for kind, _ in rest] == ["add", "add"]
    assert "".join(text for _, text in rest) == SPOKEN
    assert {*drafts.places} == {PLACE}


@pytest.mark.parametrize("piece", [1, 2, 5, 11, 400])
async def test_pieces_of_any_size_make_the_same_drafts(piece: int) -> None:
    drafts = ShownDrafts()
    assert (await phrased(Decoding(thinking(SPOKEN), piece=piece), drafts)).text == SPOKEN
    assert "".join(text for _, text in drafts.seen) == SPOKEN


async def test_a_prompt_holds_the_sentences_behind_the_message_and_the_form_of_two_parts() -> None:
    model = Decoding(thinking(SPOKEN))
    history = (Turned(who="customer", text="hello"), Turned(who="assistant", text="Hello!"))
    await phrased(model, None, ask(history=history))
    (work,) = model.works
    assert (work.task, work.prompt, work.allowance, work.attempt) == ("phrase", "phrase/1", ALLOWANCE, 1)
    assert (work.request.pattern, work.request.schema) == (PATTERN, None)
    last = work.request.messages[-1].content
    assert last.index("where is it?") < last.index(TOLD[0]) < last.index(TOLD[1])
    assert [message.role for message in work.request.messages] == ["system", "user", "assistant", "user"]


async def test_a_lie_stops_the_generation_and_what_was_shown_is_void() -> None:
    drafts, model = ShownDrafts(), Decoding(thinking(f"{TOLD[0]} Your order has been refunded. {TOLD[1]}"))
    answer = await phrased(model, drafts)
    assert (answer.text, answer.reasons) == ("", ("status",))
    assert drafts.seen == [("begin", ""), ("add", TOLD[0]), ("drop", "")]
    assert TOLD[1] not in model.taken
    assert [call.outcome for call in answer.calls] == ["cancelled"]


async def test_a_lie_in_the_last_sentence_is_found_before_the_reply_leaves() -> None:
    drafts = ShownDrafts()
    answer = await phrased(Decoding(thinking(f"{' '.join(TOLD)} You will get $20")), drafts)
    assert answer.text == ""
    assert answer.reasons
    assert "$20" not in "".join(text for _, text in drafts.seen)
    assert drafts.seen[-1] == ("drop", "")


@pytest.mark.parametrize(("left", "reason"), [(TOLD[0], "unsaid_date"), (TOLD[1], "unsaid_id")])
async def test_a_reply_that_leaves_a_fact_out_is_not_told(left: str, reason: str) -> None:
    drafts = ShownDrafts()
    answer = await phrased(Decoding(thinking(left)), drafts)
    assert answer.text == ""
    assert reason in answer.reasons
    assert drafts.seen[-1] == ("drop", "")


async def test_what_the_customer_asked_may_be_taken_up_but_bears_nothing_out() -> None:
    asked = ask(message="my cousin in Leipzig needs the lamp, has #NW-99999 been refunded?")
    said = await phrased(Decoding(thinking(f"{SPOKEN} It has been refunded.")), ShownDrafts(), asked)
    assert said.text == ""
    foreign = await phrased(Decoding(thinking(f"{SPOKEN} Order #NW-99999 is on its way.")), ShownDrafts(), asked)
    assert foreign.reasons == ("id",)


async def test_an_answer_in_another_form_is_followed_by_the_next_deployments() -> None:
    drafts = ShownDrafts()
    answer = await phrased(Decoding("Your order is on its way.", thinking(SPOKEN)), drafts)
    assert (answer.text, [call.outcome for call in answer.calls]) == (SPOKEN, ["malformed", "ok"])
    assert [kind for kind, _ in drafts.seen] == ["begin", "begin", "add", "add"]


@pytest.mark.parametrize("text", ["", "no form", "<thought>only</thought>", thinking("   "), thinking(SPOKEN)[:-14]])
async def test_an_answer_without_both_parts_is_told_by_nobody(text: str) -> None:
    drafts = ShownDrafts()
    answer = await phrased(Decoding(text), drafts)
    assert (answer.text, answer.reasons) == ("", ("malformed",))
    assert drafts.seen[-1] == ("drop", "")


async def test_a_fence_ends_the_generation_and_drops_nothing_of_the_next_turn() -> None:
    drafts, model = ShownDrafts(closed_at=1), Decoding(thinking(SPOKEN))
    answer = await phrased(model, drafts)
    assert (answer.text, answer.reasons) == ("", ("fenced",))
    assert drafts.seen == [("begin", "")]
    assert not model.taken.endswith("</response>")


async def test_a_turn_that_has_lost_the_word_generates_nothing() -> None:
    drafts, model = ShownDrafts(closed_at=0), Decoding(thinking(SPOKEN))
    assert (await phrased(model, drafts)).reasons == ("fenced",)
    assert (drafts.seen, model.taken) == ([], "")


@pytest.mark.parametrize("down_at", [0, 1, 2])
async def test_drafts_that_cannot_be_shown_leave_the_reply_as_it_is(down_at: int) -> None:
    drafts = ShownDrafts(down_at=down_at)
    assert (await phrased(Decoding(thinking(SPOKEN)), drafts)).text == SPOKEN
    assert len(drafts.seen) == down_at


async def test_without_a_model_or_a_prompt_there_is_a_reason() -> None:
    assert (await phrased(None, ShownDrafts())).reasons == ("no_model",)
    model = Decoding()
    assert (await phrased(model, ShownDrafts(), ask(prompt="no-such"))).reasons == ("no_prompt",)
    assert model.works == []


async def test_a_language_nobody_can_check_is_told_by_templates() -> None:
    answer = await phrased(Decoding(thinking(SPOKEN)), ShownDrafts(), ask(language="fr"))
    assert (answer.text, answer.reasons) == ("", ("language",))


# -- names of people ---------------------------------------------------------------------------------------------------


SIGNED = (
    "Order #NW-10023 (Desk lamp) was delivered on 23 November 2026 and signed by Erika M. Vogt, says the carrier.",
    "Order #NW-10024 (Walnut shelf) was delivered on 22 November 2026 and signed by Erika, says the carrier.",
)
NAMES = ("Erika M. Vogt", "Erika")
MASKED = tuple(map(str.replace, SIGNED, NAMES, ("[name_1]", "[name_2]")))


@pytest.mark.parametrize("piece", [1, 4, 400])
async def test_a_model_sees_placeholders_and_the_customer_names(piece: int) -> None:
    drafts, model = ShownDrafts(), Decoding(thinking(" ".join(MASKED)), piece=piece)
    answer = await phrased(model, drafts, ask(*SIGNED, names=NAMES))
    assert answer.text == " ".join(SIGNED) == "".join(text for _, text in drafts.seen)
    prompt = "\n".join(message.content for message in model.works[0].request.messages)
    assert [sentence for sentence in MASKED if sentence not in prompt] == []
    assert "Erika" not in prompt


MISNAMED = {
    "nobody's placeholder": (MASKED[0].replace("name_1", "name_3"), ("id",)),
    "a name of its own": (MASKED[0].replace("[name_1]", "Hans"), ("words",)),
    "nobody": (MASKED[0].replace(" and signed by [name_1]", ""), ("unsaid_id", "unsaid_status")),
}


@pytest.mark.parametrize("case", MISNAMED)
async def test_a_model_that_names_another_or_nobody_is_not_told(case: str) -> None:
    said, reasons = MISNAMED[case]
    drafts = ShownDrafts()
    answer = await phrased(Decoding(thinking(said)), drafts, ask(SIGNED[0], names=NAMES[:1]))
    assert (answer.text, answer.reasons) == ("", reasons)
    assert drafts.seen[-1] == ("drop", "")


# -- a worker that died with it ----------------------------------------------------------------------------------------


async def test_a_second_attempt_begins_the_draft_again_under_its_own_number() -> None:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(ActivityEnvironment.default_info(), attempt=2)
    beats: list[Any] = []
    environment.on_heartbeat = lambda *details: beats.append(details)
    drafts, model = ShownDrafts(), Decoding(thinking(SPOKEN))
    answer = await environment.run(Phrasing(model, PROMPTS, drafts).phrase, ask())
    assert answer.text == SPOKEN
    assert [place.attempt for place in drafts.places] == [2] * len(drafts.seen)
    assert drafts.seen[0] == ("begin", "")
    assert [(call.outcome, call.attempt) for call in answer.calls] == [("lost", 1), ("ok", 2)]
    assert (model.works[0].attempt, model.works[0].allowance.calls) == (2, 1)
    assert beats[0] == (0,)
