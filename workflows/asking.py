"""What every question to a model has in common: its bounds, and the conversation as far as a model may see it."""

from typing import Any

from policies.inference import Task
from policies.prompts import Setting, recent
from workflows.inference import length
from workflows.turn import Turn


def about(turn: Turn, task: Task, *material: object) -> dict[str, Any] | None:
    """Give the fields of `Asking` for a task, None where the deterministic tier has it; `material` is its own part."""
    if turn.who is None or not turn.understood.redacted:
        return None
    setting = Setting(tier=turn.who.tier, region=turn.who.region, language=turn.language, orders=turn.who.orders)
    heard = tuple(recent(turn.talk.heard))
    seen = length(setting.model_dump_json(), turn.understood.redacted, *(line.text for line in heard), *material)
    allowance = turn.models.allowed(task, turn.understood, seen)
    if allowance is None:
        return None
    return {
        "allowance": allowance,
        "prompt": turn.models.prompt(task),
        "setting": setting,
        "history": heard,
        "message": turn.understood.redacted,
    }
