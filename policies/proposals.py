"""What a language model may propose: tools, with arguments it can only take from the customer's orders and words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from policies.codes import TOKEN, canonical, even
from policies.decoding import closed, keeps_bounds, plain, record
from policies.facts import OrderBrief
from policies.frozen import Fact, Written
from policies.placeholders import PLACEHOLDER

Reason = Literal[
    "not_json",
    "unknown_tool",
    "arguments",
    "foreign_order",
    "foreign_parcel",
    "not_said",
    "repeated",
    "too_many",
]
OwnField = Literal["order_id", "awb"]
Own = Mapping[OwnField, Sequence[str]]
FOREIGN: Mapping[OwnField, Reason] = {"order_id": "foreign_order", "awb": "foreign_parcel"}
# Taken from the customer's words or not at all: goods would be sent to an address that a model made up.
SAID = ("address", "sku")


class ToolCard(Fact):
    """A tool as a model sees it: its name, one line, and the JSON schema of what it takes."""

    name: str
    says: str
    parameters: Mapping[str, Any]

    @property
    def fields(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.parameters["properties"]
        return found

    @property
    def definitions(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.parameters.get("$defs", {})
        return found


class Proposal(Fact):
    """A tool with arguments that fit its schema and the customer's own orders."""

    tool: str
    arguments: Mapping[str, Any]


class Dropped(NamedTuple):
    """A proposal that is not taken up; `tool` is empty where none that was shown is named."""

    tool: str
    reason: Reason


class Reading(NamedTuple):
    proposals: tuple[Proposal, ...]
    dropped: tuple[Dropped, ...]


class _Drafts(Written):
    proposals: tuple[Any, ...]


class _Draft(Written):
    tool: str
    arguments: dict[str, Any]


class _Filled(NamedTuple):
    tool: str
    arguments: Fact


def usable(cards: Sequence[ToolCard], orders: Sequence[OrderBrief]) -> tuple[ToolCard, ...]:
    """Leave out tools that need an order or a parcel where the customer has none."""
    own = _own(orders)
    return tuple(card for card in cards if all(codes for field, codes in own.items() if field in card.fields))


def schema(cards: Sequence[ToolCard], orders: Sequence[OrderBrief], most: int) -> dict[str, Any]:
    """Give the JSON schema of at most `most` proposals, in which order and parcel numbers are the customer's own."""
    kinds = [_kind(card, _own(orders)) for card in usable(cards, orders)]
    proposals = {"type": "array", "items": {"anyOf": kinds}, "maxItems": most} if kinds else {"const": []}
    return record({"proposals": proposals})


def tools_text(cards: Sequence[ToolCard]) -> str:
    """Describe tools in the order given, the same bytes for the same cards."""
    return "\n".join(line for card in cards for line in _described(card))


def fits(text: str, takes: Mapping[str, type[Fact]]) -> bool:
    """Whether a text has the form of proposals: JSON, of these tools only, with arguments their models take."""
    drafts = _drafts(text)
    return drafts is not None and all(isinstance(_filled(draft, takes), _Filled) for draft in drafts)


def read(text: str, takes: Mapping[str, type[Fact]], orders: Sequence[OrderBrief], said: str, most: int) -> Reading:
    """Check what a model proposed as if nothing had held it while decoding.

    `takes` are the models of the tools it was shown, `said` is the customer's message. What is kept names orders and
    parcels in the shop's own spelling.
    """
    drafts = _drafts(text)
    if drafts is None:
        return Reading((), (Dropped("", "not_json"),))
    own = _own(orders)
    kept: list[Proposal] = []
    dropped: list[Dropped] = []
    for draft in drafts:
        proposal = _judged(_filled(draft, takes), own, said)
        if isinstance(proposal, Dropped):
            dropped.append(proposal)
        elif proposal in kept:
            dropped.append(Dropped(proposal.tool, "repeated"))
        elif len(kept) == most:
            dropped.append(Dropped(proposal.tool, "too_many"))
        else:
            kept.append(proposal)
    return Reading(tuple(kept), tuple(dropped))


def _own(orders: Sequence[OrderBrief]) -> Own:
    awbs = dict.fromkeys(awb for order in orders for awb in order.awbs)
    return {"order_id": tuple(dict.fromkeys(order.order_id for order in orders)), "awb": tuple(awbs)}


def _kind(card: ToolCard, own: Own) -> dict[str, Any]:
    properties = closed(card.parameters, card.definitions)["properties"]
    for field, codes in own.items():
        if field in properties:
            properties[field] = {"type": "string", "enum": list(codes)}
    return record({"tool": {"type": "string", "const": card.name}, "arguments": record(properties)})


def _described(card: ToolCard) -> Iterator[str]:
    yield f"- {card.name}: {card.says}"
    for name, field in card.fields.items():
        kind = card.definitions.get(field.get("$ref", "").rpartition("/")[2], field)
        said = field["description"]
        parts = [part for part in kind.get("enum") or kind.get("properties") or () if part not in said]
        yield f"    {name}: {said}" + (f" ({', '.join(parts)})" if parts else "")


def _drafts(text: str) -> tuple[Any, ...] | None:
    try:
        return _Drafts.model_validate_json(plain(text)).proposals
    except ValidationError:
        return None


def _filled(draft: Any, takes: Mapping[str, type[Fact]]) -> _Filled | Dropped:
    """Fill a tool's own model; fields it does not have, an amount say, spoil the proposal instead of going unseen."""
    try:
        drafted = _Draft.model_validate(draft)
    except ValidationError:
        return Dropped("", "arguments")
    if drafted.tool not in takes:
        return Dropped("", "unknown_tool")
    try:
        arguments = takes[drafted.tool].model_validate(drafted.arguments, extra="forbid")
    except ValidationError:
        return Dropped(drafted.tool, "arguments")
    return _Filled(drafted.tool, arguments) if keeps_bounds(arguments) else Dropped(drafted.tool, "arguments")


def _judged(filled: _Filled | Dropped, own: Own, said: str) -> Proposal | Dropped:
    if isinstance(filled, Dropped):
        return filled
    arguments = filled.arguments.model_dump(mode="json")
    for field in [field for field in own if field in arguments]:
        code = _spelled(arguments[field], own[field])
        if code is None:
            return Dropped(filled.tool, FOREIGN[field])
        arguments[field] = code
    if any(isinstance(text, str) and text.isspace() for text in arguments.values()):
        return Dropped(filled.tool, "arguments")
    if not all(_is_said(text, said) for field in SAID for text in _texts(arguments.get(field))):
        return Dropped(filled.tool, "not_said")
    return Proposal(tool=filled.tool, arguments=arguments)


def _spelled(code: str, own: Sequence[str]) -> str | None:
    """Give the shop's spelling of a code; None for a stranger's, and for one that could be either of two."""
    same = [each for each in own if canonical(each) == canonical(code)]
    if code in same:
        return code
    return same[0] if len(same) == 1 else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif value:
        yield str(value)


def _is_said(text: str, said: str) -> bool:
    """Whether the words of a text stand one after the other in the message; "NW16XE" is "NW1 6XE" there."""
    key = canonical(text)
    return bool(key) and any(_holds(piece, key) for piece in PLACEHOLDER.sub("\0", said).split("\0"))


def _holds(piece: str, key: str) -> bool:
    words = [canonical(word) for word in TOKEN.findall(even(piece))]
    return any(_begins(words[start:], key) for start in range(len(words)))


def _begins(words: Sequence[str], key: str) -> bool:
    run = ""
    for word in words:
        run += word
        if len(run) >= len(key):
            return run == key
    return False
