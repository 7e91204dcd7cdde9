"""A conversation as people have it: the case, what they said among themselves, what they decided."""

from collections.abc import Sequence
from datetime import datetime

from activities.tools.send_notification import Notify
from policies.bundle import Bundle
from policies.cases import Case, Decided, Priority
from policies.casework import due_at
from policies.frozen import Fact
from workflows.people import DeskView, StaffLine

LINES_KEPT = 300
# With a conversation's events they have to fit into what Temporal takes in one payload, at up to four bytes a letter.
LETTERS_KEPT = 100_000
ACTS_KEPT = 200
DECISIONS_KEPT = 50
TAGS_KEPT = 20


class Desk(Fact):
    """Everything of a conversation that customers are never shown. Transitions return a new one.

    `cases` and `written` count what there ever was, `acts` are ids of acts that were done, `unsent` e-mails with a
    person's words that the outbox has not taken yet, to be tried again at `mail_again_at`. `handlers` had the word.
    """

    case: Case | None = None
    cases: int = 0
    priority: Priority = Priority.NORMAL
    tags: tuple[str, ...] = ()
    snoozed_until: datetime | None = None
    lines: tuple[StaffLine, ...] = ()
    written: int = 0
    decisions: tuple[Decided, ...] = ()
    acts: tuple[str, ...] = ()
    unsent: tuple[Notify, ...] = ()
    mail_again_at: datetime | None = None
    handlers: tuple[str, ...] = ()
    rating: str = ""

    def with_(self, **changes: object) -> "Desk":
        return self.model_copy(update=changes)

    def write(self, kind: str, at: datetime, text: str = "", by: str = "", name: str = "") -> "Desk":
        """Add a line for people to read."""
        line = StaffLine(number=self.written + 1, at=at, kind=kind, by=by, name=name, text=text)
        kept = [*self.lines, line][-LINES_KEPT:]
        while sum(len(each.text) for each in kept) > LETTERS_KEPT:
            kept.pop(0)
        return self.with_(lines=tuple(kept), written=line.number)

    def did(self, act: str) -> "Desk":
        return self.with_(acts=(*self.acts, act)[-ACTS_KEPT:])

    def handled(self, by: str) -> "Desk":
        """Remember who had the word: they may not approve what is asked for here."""
        return self.with_(handlers=tuple(dict.fromkeys((*self.handlers, by))))

    def decide(self, decisions: Sequence[Decided]) -> "Desk":
        return self.with_(decisions=(*self.decisions, *decisions)[-DECISIONS_KEPT:])

    def tag(self, add: Sequence[str], remove: Sequence[str]) -> "Desk":
        kept = [tag for tag in dict.fromkeys((*self.tags, *add)) if tag and tag not in remove]
        return self.with_(tags=tuple(kept[:TAGS_KEPT]))

    def view(self, bundle: Bundle | None) -> DeskView:
        """Show it to people; until a new run has its rules, nobody can say when anything is due."""
        return DeskView(
            case=self.case,
            tags=self.tags,
            priority=self.priority,
            snoozed_until=self.snoozed_until,
            lines=self.lines,
            decisions=self.decisions,
            due_at=due_at(self.case, bundle.rules.service) if self.case and bundle else None,
        )
