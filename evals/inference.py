"""Measure a language model on what production asks of it: tools, phrased replies, answers from clauses, cost, time."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from evals import inference_answering, inference_phrasing, inference_proposing, measures
from evals.inference_answering import TriedAnswer
from evals.inference_calls import failed_lines, failures, table, took, turns
from evals.inference_cases import ANSWERS, PHRASES, PROPOSALS, AnswerCase, Case, PhraseCase, ProposalCase, read
from evals.inference_endpoint import Endpoint, endpoint
from evals.inference_phrasing import TriedPhrase
from evals.inference_proposing import TriedProposal
from evals.inference_tried import Tried
from evals.measures import Measure
from policies.fleet import Deployment
from policies.inference import Task
from policies.prompts import Prompts
from policies.yaml_lines import BadFile

TASKS: tuple[Task, ...] = ("propose", "phrase", "answer")
Kind = TypeVar("Kind", bound=Case)
Came = TypeVar("Came", bound=Tried)
Attempt = Callable[[Kind, Endpoint, Prompts, str], Awaitable[Came]]


class Unreachable(Exception):
    """The very first call brought no answer; says what the server said."""


class BadCases(ValueError):
    """Case files that cannot be used; `str()` reads `file:line: reason`, one line for each fault of each file."""


@dataclass(frozen=True)
class Cases:
    proposals: Sequence[ProposalCase]
    phrases: Sequence[PhraseCase]
    answers: Sequence[AnswerCase]


@dataclass(frozen=True)
class Instructions:
    """All prompts, and the version of each task that policy has pinned."""

    prompts: Prompts
    versions: Mapping[Task, str]


@dataclass(frozen=True)
class Evaluation:
    """What came of all cases at one deployment; `faults` counts what its server said of calls that failed."""

    deployment: Deployment
    prompts: tuple[str, ...]
    proposals: Sequence[TriedProposal]
    phrases: Sequence[TriedPhrase]
    answers: Sequence[TriedAnswer]
    faults: Mapping[str, int]

    @property
    def tried(self) -> Sequence[Tried]:
        return [*self.proposals, *self.phrases, *self.answers]

    @property
    def measures(self) -> list[Measure]:
        return [
            *inference_proposing.measure(self.proposals),
            *inference_phrasing.measure(self.phrases),
            *inference_answering.measure(self.answers),
        ]

    def told(self) -> Iterator[str]:
        """Lay everything out for people."""
        yield f"{self.deployment.model} at {self.deployment.base_url}, prompts {', '.join(self.prompts)}"
        yield measures.table(self.measures)
        yield table(took(self.tried))
        for name, usd in turns(took(self.tried)).items():
            yield f"a turn that {name}: {1000 * usd:.4f} USD per 1000"
        yield from failed_lines(self.tried, self.faults)

    def as_json(self) -> dict[str, Any]:
        taken = took(self.tried)
        return {
            "deployment": self.deployment.model_dump(include={"name", "tier", "base_url", "model", "dialect", "price"}),
            "prompts": self.prompts,
            "measures": [each.as_json() for each in self.measures],
            "calls": [each.as_json() for each in taken],
            "usd_a_turn": turns(taken),
            "failed": failures(self.tried),
            "faults": dict(self.faults),
        }


def read_cases(proposals: Path | None = None, phrases: Path | None = None, answers: Path | None = None) -> Cases:
    """Read cases, ours where no file is named. Raises BadCases."""
    faults: list[str] = []

    def cases_of(path: Path, kind: type[Kind]) -> list[Kind]:
        try:
            return read(path, kind)
        except BadFile as bad:
            faults.append(str(bad))
            return []

    found = Cases(
        cases_of(proposals or PROPOSALS, ProposalCase),
        cases_of(phrases or PHRASES, PhraseCase),
        cases_of(answers or ANSWERS, AnswerCase),
    )
    if faults:
        raise BadCases("\n".join(faults))
    return found


async def evaluate(
    deployment: Deployment, key: str | None, cases: Cases, instructions: Instructions, concurrency: int = 4
) -> Evaluation:
    """Put every case to a deployment, so many at a time; raises Unreachable where not even the first is answered."""
    async with endpoint(deployment, key) as reached:
        await _greet(reached, cases, instructions)
        gate = asyncio.Semaphore(concurrency)

        async def all_of(task: Task, attempt: Attempt[Kind, Came], rows: Sequence[Kind]) -> Sequence[Came]:
            async def one(row: Kind) -> Came:
                async with gate:
                    return await attempt(row, reached, instructions.prompts, instructions.versions[task])

            return await asyncio.gather(*map(one, rows))

        return Evaluation(
            deployment,
            tuple(f"{task}/{instructions.versions[task]}" for task in TASKS),
            await all_of("propose", inference_proposing.attempt, cases.proposals),
            await all_of("phrase", inference_phrasing.attempt, cases.phrases),
            await all_of("answer", inference_answering.attempt, cases.answers),
            reached.faults,
        )


def report(evaluation: Evaluation, written: Path, lines: Path | None) -> Iterator[str]:
    """Write the numbers, and a line for each case where `lines` names a file; yields what people read."""
    yield from evaluation.told()
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(evaluation.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    yield f"as JSON in {written}"
    if lines:
        lines.parent.mkdir(parents=True, exist_ok=True)
        texts = [json.dumps(each.as_json(), ensure_ascii=False) for each in evaluation.tried]
        lines.write_text("\n".join(texts) + "\n", encoding="utf-8")
        yield f"case by case in {lines}"


async def _greet(reached: Endpoint, cases: Cases, instructions: Instructions) -> None:
    """Put the first case before all others, uncounted: a wrong address or key should not fail a hundred times."""
    tried = await inference_proposing.attempt(
        cases.proposals[0], reached, instructions.prompts, instructions.versions["propose"]
    )
    if not tried.answered:
        said = "; ".join(reached.faults) or "its context is too short for our prompts"
        raise Unreachable(f"no answer from {reached.deployment.base_url}: {said}")
    reached.faults.clear()
