"""What goes wrong, and at which step of the money path: the cells of the table, and a seeded plan that fills them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, zip_longest
from typing import TypeVar

T = TypeVar("T")
KILL_SHARE = 0.62
# Conversations that meet the same SIGKILL; more of them would not reach their steps together on two cores.
TOGETHER = 6


class Part(StrEnum):
    """What a SIGKILL ends, by its name in the embedded stack."""

    WORKER = "conversation"
    API = "api"
    SHOP = "shop"
    UNDERSTANDING = "understanding"


class Step(StrEnum):
    """Where a conversation stands when its part of the stack is killed."""

    MESSAGE_TAKEN = "message taken, no offer yet"
    OFFERED = "offer made"
    YES_TAKEN = "yes taken"
    STARTED = "refund started, nothing sent"
    PAY_IN_FLIGHT = "payment in flight"
    ANSWER_LOST = "payment committed, answer lost"
    READING_BACK = "reading back"
    MAIL_IN_FLIGHT = "before the e-mail"
    MAIL_SENT = "e-mail sent, not told yet"
    WAITING = "waiting for approval"
    HALF_APPROVED = "one of two approved"
    APPROVED = "right after approval"


class Kind(StrEnum):
    """The shop's faults, as its admin API names them; the last is `down` for longer than anybody tries again."""

    LATENCY = "latency"
    ERROR = "error_before_commit"
    LOST = "timeout_after_commit"
    LIMITED = "rate_limited"
    SCHEMA = "changed_schema"
    DOWN = "down"
    DOWN_FOR_LONG = "down for long"


class Door(StrEnum):
    """The shop's call that a fault strikes, and when."""

    CUSTOMER = "GET customer"
    ORDER_READ = "GET order, for the offer"
    FRAUD_READ = "GET fraud score, for the offer"
    ORDER_AGAIN = "GET order, before paying"
    FRAUD_AGAIN = "GET fraud score, before paying"
    REFUND = "POST refund"
    READ_BACK = "GET refunds"
    MAIL = "POST notification"
    TICKET = "POST ticket"


@dataclass(frozen=True)
class Kill:
    part: Part
    step: Step

    def __str__(self) -> str:
        return f"SIGKILL {self.part} · {self.step}"


@dataclass(frozen=True)
class Fault:
    kind: Kind
    door: Door

    def __str__(self) -> str:
        return f"shop {self.kind} · {self.door}"


Cell = Kill | Fault

FAULTS = (
    *(Fault(kind, door) for kind in Kind if kind is not Kind.DOWN_FOR_LONG for door in Door),
    *(Fault(Kind.DOWN_FOR_LONG, door) for door in (Door.REFUND, Door.ORDER_AGAIN, Door.MAIL)),
)


@dataclass(frozen=True)
class Wave:
    """Conversations that are led to their steps together and meet one SIGKILL there."""

    part: Part
    kills: tuple[Kill, ...]


@dataclass(frozen=True)
class Plan:
    waves: tuple[Wave, ...]
    faults: tuple[Fault, ...]

    @property
    def runs(self) -> int:
        return sum(len(wave.kills) for wave in self.waves) + len(self.faults)


def plan(runs: int, seed: int) -> Plan:
    """Spread `runs` evenly over every cell; a few runs still kill each part once before any twice."""
    chance = random.Random(seed)
    steps = {part: chance.sample(list(Step), len(Step)) for part in Part}
    by_turns = chain.from_iterable(zip(*steps.values(), strict=True))
    kills = _spread([Kill(part, step) for part, step in zip(_endless(Part), by_turns, strict=False)], runs * KILL_SHARE)
    faults = _spread(chance.sample(FAULTS, len(FAULTS)), runs - len(kills))
    waves: list[list[Wave]] = []
    for part in Part:
        mine = [kill for kill in kills if kill.part is part]
        waves.append([Wave(part, tuple(chunk)) for chunk in _chunks(mine)])
    ordered = [wave for turn in zip_longest(*waves) for wave in turn if wave]
    # The longest first, so that the others pass beside them.
    return Plan(tuple(ordered), tuple(sorted(faults, key=lambda fault: fault.kind is not Kind.DOWN_FOR_LONG)))


def _spread(cells: Sequence[T], count: float) -> list[T]:
    return [cells[number % len(cells)] for number in range(round(count))]


def _endless(parts: type[Part]) -> list[Part]:
    return list(parts) * len(Step)


def _chunks(kills: Sequence[Kill]) -> list[Sequence[Kill]]:
    """Cut into waves of nearly equal size, so that none is left with a single conversation."""
    count = -(-len(kills) // TOGETHER)
    return [kills[number::count] for number in range(count)]
