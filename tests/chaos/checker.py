"""The judge: reads only the shop's books, the transcript and the customer's own notes, and names broken promises.

It knows sentences by the words below, not through the product's templates. A sentence whose wording changes is not
recognised any more, and then a run counts as lost: the judge can go deaf, but not quietly.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tests.chaos.books import Case, Row
from tests.chaos.people import Sent, Word


class Broken(StrEnum):
    DUPLICATE = "duplicate"
    LOST = "lost"
    WRONG = "wrong amount"
    SILENT = "silent"
    UNTRUE = "untrue"


class Claim(StrEnum):
    """What a sentence says about the money."""

    PAID = "paid"
    APPROVED = "approved"
    RECORDED = "recorded"
    FAILED = "failed"
    NOTHING_MOVED = "nothing moved"
    WAITING = "waits for people"
    UNKNOWN = "not known"
    HANDED_OVER = "handed over"
    OUTAGE = "outage"


WORDS: dict[Claim, tuple[str, ...]] = {
    Claim.PAID: ("has been paid", ": settled, reference"),
    Claim.APPROVED: ("has been approved and is on its way", ": approved, reference"),
    Claim.RECORDED: ("has recorded your refund", ": pending, reference"),
    Claim.FAILED: ("has failed (reference", ": failed, reference"),
    Claim.NOTHING_MOVED: (
        "no money has moved",
        "nothing was done",
        "nothing has been changed",
        "not refunded anything",
    ),
    Claim.WAITING: ("waits for a colleague",),
    Claim.UNKNOWN: ("don't know yet whether",),
    Claim.HANDED_OVER: ("passed this to a colleague (ticket",),
    Claim.OUTAGE: ("can't look into this right now",),
}
RANK = {"pending": 0, "approved": 1, "settled": 2}
NEEDED_RANK = {Claim.RECORDED: 0, Claim.APPROVED: 1, Claim.PAID: 2}


@dataclass(frozen=True)
class Evidence:
    """What a run left behind. `final_s` is None when no final word came in time."""

    case: Case
    confirmed: bool
    final_s: float | None
    transcript: tuple[Word, ...]
    heard: frozenset[int]
    sent: tuple[Sent, ...]
    payments: Sequence[Row] = field(default=())
    refunds: Sequence[Row] = field(default=())
    letters: Sequence[Row] = field(default=())
    tickets: Sequence[Row] = field(default=())


@dataclass(frozen=True)
class Finding:
    broken: Broken
    why: str


def claims(text: str) -> frozenset[Claim]:
    """Read what a text says about the money."""
    folded = text.casefold().replace("’", "'")
    return frozenset(claim for claim, phrases in WORDS.items() if any(phrase in folded for phrase in phrases))


def is_final(text: str) -> bool:
    """Say whether nothing more has to follow: paid, failed, given to a person, or an honest and final no."""
    said = claims(text)
    if said & {Claim.PAID, Claim.FAILED, Claim.HANDED_OVER}:
        return True
    return Claim.NOTHING_MOVED in said and not said & {Claim.WAITING, Claim.OUTAGE}


def judge(run: Evidence) -> tuple[Finding, ...]:
    """Name every broken promise of one run."""
    found = [*_duplicates(run), *_wrong(run), *_lost(run), *_silent(run), *_untrue(run)]
    return tuple(Finding(broken, why) for broken, why in found)


def _duplicates(run: Evidence) -> list[tuple[Broken, str]]:
    alive = [refund for refund in run.refunds if refund["status"] != "failed"]
    paid_back = sum(refund["amount_minor"] for refund in alive)
    found = []
    if len(alive) > 1:
        found.append(f"{len(alive)} refunds in the ledger")
    if paid_back > run.case.paid_minor:
        found.append(f"{paid_back} paid back of {run.case.paid_minor}")
    if any(payment["refunded_minor"] > payment["paid_minor"] for payment in run.payments):
        found.append("a payment gave back more than it took")
    bodies = Counter(letter["body"] for letter in run.letters)
    found += [f"the same e-mail {count} times" for count in bodies.values() if count > 1]
    return [(Broken.DUPLICATE, why) for why in found]


def _wrong(run: Evidence) -> list[tuple[Broken, str]]:
    found = [
        f"refund of {refund['amount_minor']} {refund['currency']}, offered were {run.case.paid_minor} USD"
        for refund in run.refunds
        if (refund["amount_minor"], refund["currency"], refund["order_id"])
        != (run.case.paid_minor, "USD", run.case.order_id)
    ]
    found += [
        f"told another amount than {run.case.amount_text}: {text!r}"
        for text, _ in _told(run)
        if claims(text) & NEEDED_RANK.keys() and run.case.amount_text not in text
    ]
    return [(Broken.WRONG, why) for why in found]


def _lost(run: Evidence) -> list[tuple[Broken, str]]:
    found = []
    if not run.transcript:
        found.append("the conversation is gone")
    if run.final_s is None:
        found.append("no final word in time; last: " + repr(run.transcript[-1].text if run.transcript else ""))
    answered = any(sent.text == "[confirm]" or "yes" in sent.text.casefold() for sent in run.sent if sent.status == 200)
    if run.confirmed and not answered:
        found.append("the confirmation was never taken")
    return [(Broken.LOST, why) for why in found]


def _silent(run: Evidence) -> list[tuple[Broken, str]]:
    found = [f"no answer to {sent.text!r}" for sent in run.sent if sent.status is None]
    told = [claims(text) for text, _ in _told(run)]
    for refund in run.refunds:
        if refund["status"] == "settled" and not any(Claim.PAID in said for said in told):
            found.append(f"{refund['refund_id']} has settled and nobody was told")
        if refund["status"] == "failed" and not any(Claim.FAILED in said for said in told):
            found.append(f"{refund['refund_id']} has failed and nobody was told")
        if refund["status"] in ("pending", "approved"):
            found.append(f"{refund['refund_id']} is still {refund['status']}")
    missing = {word.offset for word in run.transcript} - run.heard
    if missing:
        found.append(f"words {sorted(missing)} never reached the event stream")
    return [(Broken.SILENT, why) for why in found]


def _untrue(run: Evidence) -> list[tuple[Broken, str]]:
    found = []
    for text, at in _told(run):
        said = claims(text)
        alive = [refund for refund in run.refunds if refund["status"] != "failed"]
        for claim, needed in NEEDED_RANK.items():
            if claim in said and not any(_rank(refund, at) >= needed for refund in alive):
                found.append(f"said {claim} at {at:%H:%M:%S.%f}, the ledger did not: {text!r}")
        if Claim.FAILED in said and not any(refund["status"] == "failed" for refund in run.refunds):
            found.append(f"said failed, the ledger does not: {text!r}")
        if Claim.NOTHING_MOVED in said and any(_rank(refund, at) >= 0 for refund in alive):
            found.append(f"said that nothing moved at {at:%H:%M:%S.%f}, the ledger had moved: {text!r}")
        if Claim.HANDED_OVER in said and not run.tickets:
            found.append(f"said it was handed over, there is no ticket: {text!r}")
    return [(Broken.UNTRUE, why) for why in found]


def _told(run: Evidence) -> list[tuple[str, datetime]]:
    """Everything the customer was told by us, with its time: the agent's words and the e-mails."""
    words = [(word.text, word.at) for word in run.transcript if word.kind != "message.customer"]
    return words + [(letter["body"], datetime.fromisoformat(letter["created_at"])) for letter in run.letters]


def _rank(refund: Row, at: datetime) -> int:
    """How far a refund was at a moment: -1 absent, 0 pending, 1 approved, 2 settled."""
    moments = [refund["created_at"], refund["approved_at"], refund["settled_at"]]
    return sum(1 for moment in moments if moment and datetime.fromisoformat(moment) <= at) - 1
