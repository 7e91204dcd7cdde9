"""One structured call of a model: a prompt laid out, and an answer in a schema's form, or none and the reason why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from activities.attempts import attempt_at
from activities.inference_asks import Asking
from activities.inference_ports import Generated, Generator, ModelRequest, Work
from policies.inference import Task
from policies.prompts import Material, Prompts, UnknownPrompt, layout

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Form:
    """How an answer is decoded, and `accept`, which judges it again: not every server holds a model to a schema."""

    schema: Mapping[str, Any]
    accept: Callable[[str], bool]
    most_tokens: int


class Structured:
    """Asks the generator on behalf of a task; without one, every answer is none."""

    def __init__(self, generator: Generator | None, prompts: Prompts) -> None:
        self._generator = generator
        self._prompts = prompts

    async def decode(
        self, task: Task, ask: Asking, form: Form, *, choices: str = "", material: Sequence[Material] = ()
    ) -> Generated:
        """Give the answer's text, or None with the reason: the gateway's, "no_model" or "no_prompt"."""
        if self._generator is None:
            return Generated(None, (), "no_model")
        try:
            prompt = self._prompts.get(f"{task}/{ask.prompt}")
        except UnknownPrompt as error:
            log.error("inference.no_prompt", task=task, said=str(error))
            return Generated(None, (), "no_prompt")
        request = ModelRequest(
            messages=layout(prompt, ask.setting, choices, ask.history, ask.message, material),
            most_tokens=form.most_tokens,
            schema=form.schema,
        )
        attempt = attempt_at(task, prompt.name, ask.allowance)
        work = Work(task, prompt.name, request, attempt.allowance, attempt.number)
        generated = await self._generator.generate(work, form.accept)
        return replace(generated, calls=(*attempt.lost, *generated.calls))
