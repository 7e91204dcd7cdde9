"""Cases a model is measured on: JSON Lines of ours, or of whoever compares models on tools and words of their own."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from activities.catalog import CATALOG
from activities.proposing import card_of
from policies.facts import OrderBrief
from policies.frozen import Written
from policies.prompts import Setting, Turned
from policies.proposals import ToolCard, usable
from policies.yaml_lines import BadFile, faults_of

CARDS = {tool.name: card_of(tool) for tool in CATALOG if tool.proposable}
CODES = {"order_id": "orders", "awb": "parcels"}
_FOLDER = Path(__file__).parent
PROPOSALS = _FOLDER / "inference_proposals.jsonl"
PHRASES = _FOLDER / "inference_phrases.jsonl"
ANSWERS = _FOLDER / "inference_answers.jsonl"


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Words = Annotated[str, AfterValidator(_not_blank)]


class Case(Written):
    """What every case has: an id of its own, and the customer it is about."""

    id: Words
    language: str
    tier: str = "standard"
    region: str = "US"
    orders: tuple[OrderBrief, ...] = ()
    history: tuple[Turned, ...] = ()

    @property
    def setting(self) -> Setting:
        return Setting(tier=self.tier, region=self.region, language=self.language, orders=self.orders)


class Wanted(Written):
    """A tool with those of its arguments that are compared; a part of an argument may be named, as in an address."""

    tool: str
    arguments: Mapping[str, Any] = {}


class ProposalCase(Case):
    """A message and the tools it calls for; none where nothing should be proposed. `also` are as good.

    `tools` are those the model is shown, all that may be proposed unless given; `most` is how many it may propose.
    """

    message: Words
    expect: tuple[Wanted, ...]
    also: tuple[tuple[Wanted, ...], ...] = ()
    tools: tuple[str, ...] = tuple(CARDS)
    most: int = Field(default=3, ge=1, le=10)


class PhraseCase(Case):
    """A reply to put into better words: its sentences, as the templates fill them."""

    message: str
    sentences: tuple[Words, ...] = Field(min_length=1)


class Passage(Written):
    title: str
    text: Words


class AnswerCase(Case):
    """A question and the clauses that were found for it; `says` is what an answer has to hold, written anyhow.

    Not `answerable`: the clauses do not answer it, and the only right answer is none.
    """

    question: Words
    clauses: tuple[Passage, ...] = Field(min_length=1)
    answerable: bool = True
    says: tuple[str, ...] = ()


Kind = TypeVar("Kind", bound=Case)


def read(path: Path, kind: type[Kind]) -> list[Kind]:
    """Read the cases of a file; raises BadFile with every fault of every line."""
    rows: list[Kind] = []
    faults: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    number = 0
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            row = kind.model_validate_json(line, extra="forbid")
        except ValidationError as error:
            faults += [(number, said.removeprefix("file: ")) for _, said in faults_of(error)]
            continue
        if row.id in seen:
            faults.append((number, f"id: {row.id[:80]!r} stands in line {seen[row.id]} already"))
        seen.setdefault(row.id, number)
        if isinstance(row, ProposalCase):
            faults += [(number, reason) for reason in _impossible(row)]
        rows.append(row)
    if not rows and not faults:
        faults.append((max(number, 1), "holds no case; expected one JSON object on each line"))
    if faults:
        raise BadFile(str(path), faults)
    return rows


def _lines(path: Path) -> Sequence[str]:
    try:
        # Rows may hold U+2028 and its kin, at which `str.splitlines` would tear them apart.
        return path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise BadFile(str(path), [(1, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise BadFile(str(path), [(1, f"not UTF-8 at byte {error.start}")]) from None


def _impossible(case: ProposalCase) -> Iterator[str]:
    """Say what no model could propose, however good: a tool, an argument or a code that is not there for it."""
    for name in case.tools:
        if name not in CARDS:
            yield f"tools: there is no tool {name!r} that may be proposed; there are {', '.join(CARDS)}"
    shown = {card.name: card for card in usable([CARDS[name] for name in case.tools if name in CARDS], case.orders)}
    if not shown:
        yield "tools: none of them can be used by a customer without orders or parcels"
    accepted = {"expect": case.expect} | {f"also.{place}": wanted for place, wanted in enumerate(case.also)}
    for field, all_wanted in accepted.items():
        if len(all_wanted) > case.most:
            yield f"{field}: {len(all_wanted)} proposals, but the model may make {case.most}"
        for place, wanted in enumerate(all_wanted):
            if wanted.tool not in shown:
                names = ", ".join(shown) or "none"
                yield f"{field}.{place}.tool: the model is not shown {wanted.tool!r}; it is shown {names}"
            else:
                for reason in _wrong_arguments(wanted.arguments, shown[wanted.tool], case.orders):
                    yield f"{field}.{place}.arguments.{reason}"


def _wrong_arguments(arguments: Mapping[str, Any], card: ToolCard, orders: Sequence[OrderBrief]) -> Iterator[str]:
    own = {"order_id": [order.order_id for order in orders], "awb": [awb for order in orders for awb in order.awbs]}
    for name, value in arguments.items():
        if name not in card.fields:
            yield f"{name}: {card.name} has no such argument; it has {', '.join(card.fields)}"
            continue
        kind = card.definitions.get(card.fields[name].get("$ref", "").rpartition("/")[2], card.fields[name])
        if name in own and value not in own[name]:
            yield f"{name}: {value!r} is not among the {CODES[name]} of this case"
        elif "enum" in kind and value not in kind["enum"]:
            yield f"{name}: {value!r} is none of {', '.join(kind['enum'])}"
        elif "properties" in kind:
            given = value if isinstance(value, Mapping) else {}
            if not given or (strange := [part for part in given if part not in kind["properties"]]):
                yield f"{name}: expected some of {', '.join(kind['properties'])}" + (
                    f", found {', '.join(strange)}" if given else ""
                )
