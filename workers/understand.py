"""Understand messages in bulk: JSON Lines in, one line out for each, in their order."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, TextIO

from pydantic import Field, ValidationError

from activities.understanding import Reading, Understander, Utterance
from policies.facts import OrderBrief, OrderStatus
from policies.frozen import Fact
from policies.items import mentions

LONGEST_LINE = 4_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OrderLine(Fact):
    """An order of the customer who writes: its id, and what is in it where item mentions are to be resolved."""

    order_id: str
    titles: tuple[str, ...] = ()
    awbs: tuple[str, ...] = ()


class Line(Fact):
    """One message. `orders` are the customer's own, as ids or objects; `today` is what relative dates count from."""

    text: str
    tenant: str = "northwind"
    open_question: bool = False
    orders: tuple[str | OrderLine, ...] = ()
    today: date = Field(default_factory=date.today)


class Bulk:
    """Reads messages one by one and counts the lines that were none."""

    def __init__(self, understander: Understander) -> None:
        self._understander = understander
        self.faults = 0

    async def run(self, source: TextIO, sink: TextIO) -> None:
        """Write a line for every line; one that cannot be read gets `{"line", "error"}` in its place."""
        for number, text in _numbered(source):
            try:
                answer = await self._answer(text)
            except (ValueError, RecursionError) as error:
                self.faults += 1
                answer = {"line": number, "error": _reason(error)}
            sink.write(json.dumps(answer, ensure_ascii=False) + "\n")
            sink.flush()

    async def _answer(self, text: str) -> dict[str, Any]:
        line = Line.model_validate_json(text)
        began = time.perf_counter()
        orders = [order if isinstance(order, OrderLine) else OrderLine(order_id=order) for order in line.orders]
        reading = await self._understander.read(
            Utterance(
                tenant=line.tenant,
                texts=(line.text,),
                order_ids=tuple(order.order_id for order in orders),
                open_question=line.open_question,
                today=line.today,
            )
        )
        return _told(reading, orders, began)


def _told(reading: Reading, orders: list[OrderLine], began: float) -> dict[str, Any]:
    found = reading.understanding
    briefs = [_brief(order) for order in orders if order.titles]
    items = mentions(found.redacted, briefs) if briefs else ()
    best = found.intents[0] if found.intents else None
    slots = {
        "order_id": list(found.order_ids),
        "awb": list(found.awbs),
        "sku": list(found.skus),
        "amount": [asked.model_dump() for asked in found.amounts],
        "date": [named.model_dump(mode="json") for named in found.dates],
        "reason_code": [reason.value for reason in found.reasons],
        "item": [item.model_dump() for item in items],
    }
    return {
        "intent": best.id if best else None,
        "confidence": best.confidence if best else max((each.confidence for each in found.unsure), default=0.0),
        "intents": [{"id": each.id, "confidence": each.confidence} for each in found.intents],
        "language": found.language,
        "slots": slots,
        "injection": {"verdict": found.injection.value, "score": found.injection_score},
        "pii": [{"type": span.kind.value, "start": span.start, "end": span.end} for span in reading.spans],
        "redacted": found.redacted,
        "ms": round(1000 * (time.perf_counter() - began), 3),
        "unsure": [{"id": each.id, "confidence": each.confidence} for each in found.unsure],
        "answer": found.answer.value if found.answer else None,
        "risk": found.risk,
        "complexity": found.complexity.value,
    }


def _brief(order: OrderLine) -> OrderBrief:
    """Put an order of a line into the form item mentions are resolved against; only its titles and parcels count."""
    return OrderBrief(
        order_id=order.order_id,
        status=OrderStatus.PENDING,
        titles=order.titles,
        awbs=order.awbs,
        placed_at=EPOCH,
    )


def _numbered(source: TextIO) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(source, start=1):
        if line.strip():
            yield number, line if len(line) <= LONGEST_LINE else "too long"


def _reason(error: Exception) -> str:
    """Say what is wrong with a line without repeating it: it may hold personal data."""
    if not isinstance(error, ValidationError):
        return f"not readable: {type(error).__name__}"
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'line'}: {fault['msg']}" for fault in error.errors(include_input=False)
    )
