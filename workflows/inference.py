"""What language models do in one turn: policy says which may be asked, every call is recorded, and bounds are kept."""

import asyncio
import json
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, TimeoutError, TimeoutType, is_cancelled_exception

from activities.inference_asks import Asking, Inferred
from policies import tiers
from policies.bundle import Bundle
from policies.facts import Injection, Understanding
from policies.inference import DETERMINISTIC, LADDER, NANO, Allowance, CallOutcome, ModelCall, Signals, Task, spent
from policies.tiers import TierChoice
from policies.wishes import Wish

INFERENCE_QUEUE = "inference"
# A killed worker is noticed by its silence, and its task goes to another one, once.
HEARTBEAT = timedelta(seconds=2)
TWICE = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=2)
# Nobody waits longer than this for a worker to take a task up.
TAKEN_UP = timedelta(seconds=4)
# What an activity may take beyond the time its models have.
GRACE_S = 1.0
LETTERS_A_TOKEN = 3
Answer = TypeVar("Answer", bound=Inferred)


class Models:
    """The models of one turn. Without a fleet, or for words that are not trusted, every choice is deterministic.

    `before` are those of the turn that this one supersedes: what they took counts for both. `out_of_reach` from when no
    worker has answered; nobody is asked again then, as each question would cost the customer the same wait.
    """

    def __init__(self, bundle: Bundle, wish: Wish, before: "Models | None" = None) -> None:
        self._bundle = bundle
        self._rules = bundle.rules.inference
        self.wish = wish
        self.calls: list[ModelCall] = list(before.calls) if before else []
        self.choices: list[TierChoice] = list(before.choices) if before else []
        self.out_of_reach: bool = before.out_of_reach if before else False
        self._seconds: float = before._seconds if before else 0.0

    def allowed(self, task: Task, understood: Understanding, ask_length: int = 0) -> Allowance | None:
        """Let policy choose a tier for a task and put the choice on record; None stands for the deterministic tier."""
        if not self._bundle.fleet:
            return None
        if self.out_of_reach:
            self.choices.append(TierChoice(rule="tier.out_of_reach"))
            return None
        best = max((guess.confidence for guess in (*understood.intents, *understood.unsure)), default=0.0)
        signals = Signals(
            task=task,
            trusted=understood.injection is Injection.ALLOW,
            confidence=best,
            complexity=understood.complexity,
            risk=understood.risk,
            novel=not (understood.intents or understood.unsure),
            wish=self.wish,
            prompt_tokens=ask_length // LETTERS_A_TOKEN,
            seconds_left=max(self._rules.turn_seconds - self._seconds, 0),
            nano_usd_left=max(round(self._rules.turn_usd * NANO) - spent(self.calls), 0),
            calls_left=max(self._rules.calls_per_turn - self._sent, 0),
        )
        choice = tiers.choose(signals, self._rules, self._bundle.fleet, self._bundle.tenant)
        self.choices.append(choice)
        return choice.allowance

    def prompt(self, task: Task) -> str:
        return self._rules.prompts[task]

    async def ask(self, activity: str, returns: type[Answer], ask: Asking, *, note: str) -> Answer:
        """Ask within the allowance; a worker that does not come is an answer without words, not an error."""
        seconds = timedelta(seconds=ask.allowance.seconds + GRACE_S)
        began = workflow.now()
        try:
            answer: Answer = await workflow.execute_activity(
                activity,
                ask,
                result_type=returns,
                task_queue=INFERENCE_QUEUE,
                schedule_to_start_timeout=min(TAKEN_UP, seconds),
                start_to_close_timeout=seconds,
                schedule_to_close_timeout=seconds + HEARTBEAT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=TWICE,
                summary=note,
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                self.calls.append(_untold(ask, "cancelled"))
                raise
            workflow.logger.warning("no model worker answered: %s", activity)
            self.out_of_reach = True
            answer = returns(reasons=("no_worker",), calls=() if _never_begun(error) else (_untold(ask, "lost"),))
        except asyncio.CancelledError:
            self.calls.append(_untold(ask, "cancelled"))
            raise
        finally:
            self._seconds += (workflow.now() - began).total_seconds()
        self.calls.extend(answer.calls)
        return answer

    @property
    def _sent(self) -> int:
        return sum(call.outcome not in ("busy", "open") for call in self.calls)

    @property
    def tier(self) -> str:
        """The ablest tier whose answer came in this turn."""
        answered = [call.tier for call in self.calls if call.outcome == "ok"]
        return max(answered, key=LADDER.index, default=DETERMINISTIC)


def _never_begun(error: ActivityError) -> bool:
    return isinstance(error.cause, TimeoutError) and error.cause.type is TimeoutType.SCHEDULE_TO_START


def _untold(ask: Asking, outcome: CallOutcome) -> ModelCall:
    """Record a call whose own record never came: what it cost is known to the ledger alone, but it counts."""
    return ModelCall(task=ask.task, deployment="", tier=ask.allowance.tiers[0], prompt=ask.prompt, outcome=outcome)


def length(*parts: object) -> int:
    """Reckon how many letters a prompt will have, for its cost."""
    return sum(len(part if isinstance(part, str) else json.dumps(part, default=str)) for part in parts)
