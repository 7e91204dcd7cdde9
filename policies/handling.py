"""Who may do what to a conversation that is, or is to be, in people's hands."""

from policies.cases import Case
from policies.verdict import Outcome, Verdict

STAFF = ("agent", "supervisor")
# What may be done to a conversation that is closed, and to a colleague's.
AFTERWARDS = ("note", "tag")
FOR_EVERYBODY = ("note", "tag", "prioritise")


def may_act(kind: str, by: str, role: str, case: Case | None, version: str, *, force: bool, closed: bool) -> Verdict:
    """Judge whether somebody may do this now; a supervisor may take a case away, and send any case on.

    `kind` is an act of workflows/people.py, `force` a claim's wish to take the word from a colleague, `version` that of
    the policy.
    """
    rule = _refusal(kind, by, role, case, force=force, closed=closed)
    outcome = Outcome.DENY if rule else Outcome.ALLOW
    return Verdict(outcome=outcome, rule=rule or "case.allowed", policy_version=version)


def _refusal(kind: str, by: str, role: str, case: Case | None, *, force: bool, closed: bool) -> str:
    if role not in STAFF:
        return "case.role"
    if closed:
        return "" if kind in AFTERWARDS else "case.closed"
    if kind in FOR_EVERYBODY:
        return ""
    theirs = case is not None and case.claimed and case.assignee != by
    if kind == "claim":
        return "case.taken" if theirs and not (force and role == "supervisor") else ""
    if kind == "tell":
        return "case.not_yours" if theirs else ""
    if kind in ("hand_back", "resolve") and case is None:
        return "case.absent"
    return "case.not_yours" if theirs and role != "supervisor" else ""


def tag_of(text: str) -> str:
    """Spell a tag as all tags are spelt: small letters, digits and hyphens, at most 30; empty where none is left."""
    letters = "".join(letter if letter.isalnum() else "-" for letter in text.strip().casefold())
    return "-".join(part for part in letters.split("-") if part)[:30].rstrip("-")
