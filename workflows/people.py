"""What people of the shop send to a conversation, and what they and the customer see of it.

Every act is an update with its author's identity; repeating an `act_id` changes nothing and gives the present view.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from policies.cases import Case, Decided, Matter, Priority
from policies.frozen import Fact

MOST_TEXT = 4_000


class Claim(Fact):
    """Take the word: from here on the AI is silent. `force` takes it from a colleague; supervisors only."""

    kind: Literal["claim"] = "claim"
    force: bool = False


class Assign(Fact):
    """Give the case to a colleague, who has the word only once they claim it; an empty `to` puts it in the queue."""

    kind: Literal["assign"] = "assign"
    to: str = Field(default="", max_length=128)
    to_name: str = Field(default="", max_length=100)


class Tell(Fact):
    """Write to the customer; claims the case first where nobody has."""

    kind: Literal["tell"] = "tell"
    text: str = Field(min_length=1, max_length=MOST_TEXT)


class Note(Fact):
    """Write to colleagues only."""

    kind: Literal["note"] = "note"
    text: str = Field(min_length=1, max_length=MOST_TEXT)


class Ruling(Fact):
    """One decision a hand-back carries; `words` are what the customer is told when they ask again."""

    matter: Matter
    order_id: str = Field(default="", max_length=64)
    agreed: bool
    words: str = Field(min_length=1, max_length=500)


class HandBack(Fact):
    """Give the word back to the AI, with what was decided."""

    kind: Literal["hand_back"] = "hand_back"
    note: str = Field(default="", max_length=1_000)
    decisions: tuple[Ruling, ...] = Field(default=(), max_length=10)


class Resolve(Fact):
    """Close the conversation; refused while money is under way or an offer is open."""

    kind: Literal["resolve"] = "resolve"
    note: str = Field(default="", max_length=1_000)


class Tag(Fact):
    kind: Literal["tag"] = "tag"
    add: tuple[str, ...] = Field(default=(), max_length=10)
    remove: tuple[str, ...] = Field(default=(), max_length=10)


class Prioritise(Fact):
    kind: Literal["prioritise"] = "prioritise"
    priority: Priority


class Snooze(Fact):
    """Take the case out of the views until an instant, or bring it back with None; clocks go on."""

    kind: Literal["snooze"] = "snooze"
    until: AwareDatetime | None = None


Act = Annotated[
    Claim | Assign | Tell | Note | HandBack | Resolve | Tag | Prioritise | Snooze, Field(discriminator="kind")
]


class StaffAct(Fact):
    """One thing a person of the shop does; `name` is how the customer may see them."""

    act_id: str = Field(min_length=1, max_length=64)
    by: str
    name: str
    role: str
    act: Act

    @property
    def key(self) -> str:
        """Tell acts apart: an id is its author's own, and two people may choose the same."""
        return f"{self.by}/{self.act_id}"


class StaffLine(Fact):
    """One line of what people did, for people: `kind` is the act's, or "system" for what happened by itself."""

    number: int
    at: datetime
    kind: str
    by: str = ""
    name: str = ""
    text: str = ""


class DeskView(Fact):
    """A conversation as people have it; customers are never shown this. `due_at`: when the next clock runs out."""

    case: Case | None = None
    tags: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    snoozed_until: datetime | None = None
    lines: tuple[StaffLine, ...] = ()
    decisions: tuple[Decided, ...] = ()
    due_at: datetime | None = None


class WithPerson(Fact):
    """What a customer may know of the person they wait for or talk to."""

    state: Literal["waiting", "talking"]
    name: str = ""
    promised_at: datetime | None = None
