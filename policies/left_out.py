"""What the deterministic tier's sentences say and a reply leaves out."""

import re
from collections.abc import Iterator

from policies.claim_values import Value
from policies.claims import Said
from policies.quantities import COUNT
from policies.told_facts import DATES, Record, borne_out_by, same
from policies.untrue import Reason

# So many of a sentence's own words may be left out before it counts as unsaid.
SUBSTANCE = 0.5
# Who signed, and where a parcel was seen, as carriers write it.
NAME = re.compile(r"(?<!\w)[A-ZÄÖÜ]{2,}(?!\w)")


def left_out(said: Said, mine: Record, source: Record) -> Iterator[tuple[Reason, str]]:
    """Name what one told sentence says and a reply does not; a sentence told as it stands leaves nothing out."""
    if said.plain.strip(" \n.") in mine.written:
        return
    yield from (("link", link) for link in said.links if link not in mine.links)
    yield from (("id", code.text) for code in said.codes if code.key not in mine.codes)
    if said.asks and not mine.asks:
        yield "question", said.plain.strip()
    known = frozenset(claim for fact in mine.facts for claim in fact.bears) | frozenset(
        claim for fact in source.facts for claim in fact.bears if claim.topic in mine.topics and claim.mode == "seen"
    )
    for clause in said.clauses:
        for value in clause.values:
            if value.unit != COUNT and not any(same(each, value) for each in mine.values):
                yield kind_of(value), value.text
        if clause.claims and not said.asks and not frozenset(borne_out_by(clause.claims)) & known:
            yield "status", ", ".join(sorted(claim.topic for claim in clause.claims))
        yield from (("words", name) for name in NAME.findall(clause.text) if not _says(mine, name.casefold()))
        own = clause.words - clause.aside if not clause.claims else frozenset[str]()
        missing = sorted(word for word in own if not mine.knows(word))
        if len(missing) > 1 and len(missing) > SUBSTANCE * len(own):
            yield "words", " ".join(missing)


def kind_of(value: Value) -> Reason:
    if value.unit in DATES:
        return "date"
    return "amount" if len(value.unit) == len("USD") and value.unit.isupper() else "number"


def _says(mine: Record, name: str) -> bool:
    # "OUT FOR DELIVERY", "IN", "US": in capitals stand words that are no names, too.
    return name in mine.spoken or mine.knows(name)
