"""What work among people needs of the outside world: the inbox, who is at work, what is paused, who types."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Literal, Protocol

from policies.frozen import Fact
from policies.inbox import Row, View

StaffRole = Literal["agent", "supervisor"]
EVERYWHERE = "*"


class Member(Fact):
    """Somebody who answers customers. `until` is how long their console was last heard to be open."""

    subject: str
    name: str
    role: StaffRole = "agent"
    away: bool = False
    capacity: int = 5
    until: datetime
    open_cases: int = 0


class Page(Fact):
    """`cursor` continues behind the last row, empty at the end; `total` counts the whole view."""

    rows: tuple[Row, ...]
    total: int
    cursor: str = ""


class Pause(Fact):
    """The AI does not answer: `intent` is one, or `EVERYWHERE` for all; `tenant` is one, or `EVERYWHERE`."""

    tenant: str
    intent: str
    by: str
    at: datetime
    reason: str = ""


class Changed(Fact):
    """Something an open console should fetch again. `what`: row, typing, roster or pause."""

    what: Literal["row", "typing", "roster", "pause"]
    conversation_id: str = ""
    by: str = ""


class Inbox(Protocol):
    """Rows by view. All methods raise Unavailable; a tenant never sees another's."""

    async def file(self, row: Row) -> bool:
        """Keep a row; False where a newer version is held."""
        ...

    async def page(self, tenant: str, view: View, me: str, now: datetime, cursor: str = "", most: int = 50) -> Page:
        """One page of a view, what is due first, else what changed last; snoozed rows stand in SNOOZED alone."""
        ...

    async def counts(self, tenant: str, me: str, now: datetime) -> dict[View, int]: ...

    async def search(self, tenant: str, words: str, most: int = 50) -> tuple[Row, ...]:
        """Rows whose order, customer, conversation, tag or assignee begins with each of the words, newest first."""
        ...

    async def find(self, tenant: str, conversation_id: str) -> Row | None: ...

    async def place(self, tenant: str, conversation_id: str) -> int | None:
        """How many stand before this conversation among those nobody has claimed yet, from 0; None when not there."""
        ...

    async def forget(self, tenant: str, conversation_ids: Sequence[str]) -> int: ...


class Roster(Protocol):
    """Who is at work. All methods raise Unavailable."""

    async def seen(self, tenant: str, member: Member) -> None:
        """Keep that somebody's console is open; keeps `away` and `capacity` they set before."""
        ...

    async def set(
        self, tenant: str, subject: str, *, away: bool | None = None, capacity: int | None = None
    ) -> None: ...

    async def members(self, tenant: str, now: datetime) -> tuple[Member, ...]:
        """Everybody seen in the last day, with their open cases; those at work first."""
        ...

    async def choose(
        self, tenant: str, conversation_id: str, role: StaffRole, except_for: Sequence[str], now: datetime
    ) -> Member | None:
        """Reserve whoever is at work, below capacity and was given a case the longest ago.

        A conversation that was given to somebody who may still have it goes to them again.
        """
        ...


class Pauses(Protocol):
    async def paused(self, tenant: str) -> tuple[Pause, ...]:
        """What is paused for this tenant, those of everywhere among it; raises Unavailable."""
        ...

    async def pause(self, pause: Pause) -> None: ...

    async def resume(self, tenant: str, intent: str) -> bool: ...


class Presence(Protocol):
    """Who looks at or types into a conversation right now, and the wire that tells open consoles."""

    async def typing(self, tenant: str, conversation_id: str, subject: str, name: str) -> None:
        """Keep for six seconds that somebody types."""
        ...

    async def typers(self, tenant: str, conversation_id: str) -> dict[str, str]:
        """Names by subject of those who type right now."""
        ...

    def changes(self, tenant: str) -> AsyncIterator[Changed]:
        """Follow what changes from now on; ends with the connection, raises Unavailable."""
        ...
