"""What a person who takes over should know at a glance, from what the conversation has on record."""

from collections.abc import Iterable

from policies import wording
from policies.clauses import Citation
from policies.facts import PersonalKind
from policies.placeholders import PLACEHOLDER, restore
from workflows.talk import Talk
from workflows.telling import plain

NOTES_TOLD = 8
REACHES = (PersonalKind.EMAIL, PersonalKind.PHONE)


def summary(talk: Talk, why: str) -> tuple[str, ...]:
    """Sum a conversation up: why it comes, what about, what is under way, what was told and done."""
    return tuple(restore(line, talk.personal) for line in _lines(talk, why))


def told(citation: Citation) -> str:
    """A passage a customer was told, as a person who takes over looks it up."""
    where = f"{citation.document}, “{citation.title}”, version {citation.version}"
    return f"Told from our policies: {where} ({citation.chunk_id or citation.clause_id})"


def contact(talk: Talk) -> str:
    """Name the placeholder of the e-mail or number the customer wrote last; one they typed themselves is none."""
    given = [datum for datum in talk.personal if datum.kind in REACHES]
    reachable = [datum.placeholder for datum in given if not PLACEHOLDER.fullmatch(datum.value)]
    return reachable[-1] if reachable else ""


def _lines(talk: Talk, why: str) -> Iterable[str]:
    yield f"Why: {why}"
    about = f"About: {talk.intent.replace('_', ' ') or 'not known yet'}"
    yield f"{about}, order #{plain(talk.focus)}" if talk.focus else about
    if talk.language and talk.language != "en":
        yield f"Language: {talk.language}"
    if talk.offer:
        yield f"Open offer, withdrawn by a claim: {talk.offer.kind} on #{plain(talk.offer.order_id)}"
    for debt in talk.owed:
        yield f"Refund under way on #{plain(debt.order_id)}: {debt.told or 'no word from the shop yet'}"
    for promise in talk.promises:
        until = f" until {wording.day(promise.closes_at, 'en')}" if promise.closes_at else ""
        yield f"Promised: #{plain(promise.order_id)} may be sent back{until} ({promise.days} days)"
    yield from map(told, talk.quoted)
    if reach := contact(talk):
        yield f"Contact given: {reach}"
    for note in talk.notes[-NOTES_TOLD:]:
        yield f"Earlier: {note}"
