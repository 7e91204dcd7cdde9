"""Let a language model put true sentences into better words, and let out only what they bear out."""

from collections.abc import Awaitable

import structlog
from opentelemetry import trace

from activities.attempts import attempt_at
from activities.errors import Unavailable
from activities.heartbeat import beating
from activities.inference_asks import Phrased, PhraseReply
from activities.inference_ports import DraftPlace, Drafts, Generator, ModelRequest, Work
from policies import truth
from policies.placeholders import mask, unmask
from policies.prompts import Material, Prompt, Prompts, UnknownPrompt, layout
from policies.redaction import redact
from policies.sentence_gate import SentenceGate
from policies.thoughts import PATTERN, TwoParts

# Room for the thought and the tags, then what the sentences need in another wording; a token is some three letters.
FOR_THE_THOUGHT = 200
LETTERS_A_TOKEN = 3
ROOMIER = 2

log = structlog.get_logger(__name__)


class Phrasing:
    """Streams a reply sentence by sentence; `drafts` None where nobody can watch."""

    def __init__(self, generator: Generator | None, prompts: Prompts, drafts: Drafts | None) -> None:
        self._generator = generator
        self._prompts = prompts
        self._drafts = drafts

    async def phrase(self, ask: PhraseReply) -> Phrased:
        """Report a reply that says what the sentences say, or why there is none; a model that fails is no error."""
        if self._generator is None:
            return Phrased(reasons=("no_model",))
        try:
            prompt = self._prompts.get(f"phrase/{ask.prompt}")
        except UnknownPrompt as error:
            log.error("inference.no_prompt", task="phrase", said=str(error))
            return Phrased(reasons=("no_prompt",))
        attempt = attempt_at("phrase", prompt.name, ask.allowance)
        work = Work("phrase", prompt.name, _request(prompt, ask), attempt.allowance, attempt.number)
        relay = _Relay(ask, DraftPlace(ask.stream, ask.after, ask.epoch, attempt.number), self._drafts)
        async with beating(progress=lambda: len(relay.gate.text)):
            generated = await self._generator.generate(work, relay.accept, relay)
        calls = (*attempt.lost, *generated.calls)
        _trace(relay.parts.thought)
        failed = generated.text is None
        if reasons := relay.reasons or ((generated.reason,) if failed else await relay.finish()):
            await relay.drop()
            return Phrased(calls=calls, reasons=reasons)
        return Phrased(text=unmask(relay.gate.text, ask.names).strip(), calls=calls)


class _Relay:
    """Takes what is decoded, strips the thought, holds each sentence until it was found true, and passes it on."""

    def __init__(self, ask: PhraseReply, place: DraftPlace, drafts: Drafts | None) -> None:
        self._ask = ask
        self._place = place
        self._drafts = drafts
        self._fenced = False
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.parts = TwoParts()
        self.gate = SentenceGate(_masked(self._ask), self._ask.setting.language, self._ask.message)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the answer cannot be told, as far as it has been read."""
        if self._fenced:
            return ("fenced",)
        return tuple(dict.fromkeys(each.reason for each in self.gate.untrue))

    async def begin(self) -> bool:
        self._begin_anew()
        if self._drafts:
            await self._write(self._drafts.begin(self._place))
        return not self._fenced

    async def take(self, text: str) -> bool:
        await self._let_out(self.gate.feed(self.parts.feed(text)))
        return not self.reasons

    def accept(self, answer: str) -> bool:
        """Whether an answer has both its parts; one without them is told by nobody."""
        parts = TwoParts()
        response = parts.feed(answer) + parts.finish()
        return not parts.fault and bool(response.strip())

    async def finish(self) -> tuple[str, ...]:
        """Let out the last sentence, and say what the answer leaves unsaid."""
        await self._let_out(self.gate.feed(self.parts.finish()) + self.gate.finish())
        if self.reasons:
            return self.reasons
        unsaid = truth.unsaid(self.gate.text, _masked(self._ask), self._ask.setting.language)
        return tuple(dict.fromkeys(f"unsaid_{each.reason}" for each in unsaid))

    async def drop(self) -> None:
        if self._drafts and not self._fenced:
            await self._write(self._drafts.drop(self._place))

    async def _let_out(self, released: str) -> None:
        if released and self._drafts and not self._fenced:
            await self._write(self._drafts.add(self._place, unmask(released, self._ask.names)))

    async def _write(self, writing: Awaitable[bool]) -> None:
        """A draft that cannot be shown costs its watcher a moment, not the reply."""
        try:
            self._fenced = not await writing
        except Unavailable as failure:
            log.warning("draft.not_shown", failure=failure.message)
            self._drafts = None


def _request(prompt: Prompt, ask: PhraseReply) -> ModelRequest:
    told = [Material(title=f"Sentence {number}", text=text) for number, text in enumerate(_masked(ask), 1)]
    letters = sum(map(len, ask.sentences))
    return ModelRequest(
        messages=layout(prompt, ask.setting, "", ask.history, ask.message, told),
        most_tokens=FOR_THE_THOUGHT + ROOMIER * letters // LETTERS_A_TOKEN,
        pattern=PATTERN,
    )


def _masked(ask: PhraseReply) -> tuple[str, ...]:
    return tuple(mask(sentence, ask.names) for sentence in ask.sentences)


def _trace(thought: str) -> None:
    """Keep the thought where engineers look for it and nowhere else."""
    if thought:
        trace.get_current_span().set_attribute("holdfast.thought", redact(thought, (), None).text)
