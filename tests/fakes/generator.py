"""A generator that answers by a script, as the gateway would: an answer in another form is followed by the next."""

from collections.abc import Callable
from typing import Self

from activities.inference_ports import Generated, Sink, Work
from policies.inference import ModelCall


class ScriptedGenerator:
    """Decodes the given texts, one a call, None for a call that fails; what was asked is kept as `works`."""

    def __init__(self, *texts: str | None) -> None:
        self._left = list(texts)
        self.works: list[Work] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            assert not self._left, f"answers nobody asked for: {self._left}"

    async def generate(self, work: Work, accept: Callable[[str], bool], sink: Sink | None = None) -> Generated:
        self.works.append(work)
        calls: list[ModelCall] = []
        while self._left:
            text = self._left.pop(0)
            accepted = text is not None and accept(text)
            outcome = "ok" if accepted else "unavailable" if text is None else "malformed"
            calls.append(ModelCall(task=work.task, deployment="small", tier="S", prompt=work.prompt, outcome=outcome))
            if accepted:
                return Generated(text, tuple(calls))
        assert calls, "asked once more than the script has answers"
        return Generated(None, tuple(calls), "malformed" if calls[-1].outcome == "malformed" else "failed")

    @property
    def work(self) -> Work:
        """The only work there was."""
        (work,) = self.works
        return work
