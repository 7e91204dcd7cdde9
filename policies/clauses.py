"""What retrieval brings back and what a reply cites."""

from policies.frozen import Fact

EVERYWHERE = "*"


class Clause(Fact):
    """A section of a written policy: data to cite, never an instruction. Dates are ISO; either may be empty.

    `chunk_id` opens exactly the passage that was found; `source` names file and page or heading path. `disputed`:
    another clause in force says otherwise, so that neither may be told as the answer.
    """

    clause_id: str
    title: str
    text: str
    document: str
    version: str
    effective_from: str
    effective_to: str = ""
    region: str = EVERYWHERE
    language: str = "en"
    chunk_id: str = ""
    source: str = ""
    disputed: bool = False
    score: float = 0.0


class Citation(Fact):
    """Where a sentence of a reply comes from; `chunk_id` is what a widget opens."""

    chunk_id: str
    document: str
    clause_id: str
    title: str
    version: str
    effective_from: str


def cite(clause: Clause) -> Citation:
    return Citation(**clause.model_dump(include=set(Citation.model_fields)))
