"""Finding a person for a conversation."""

from datetime import UTC, datetime

from temporalio import activity

from activities.desk_ports import Roster, StaffRole
from policies.frozen import Fact


class ChoosePerson(Fact):
    """Find somebody at work for a conversation; `except_for` are people who did not answer."""

    tenant: str
    conversation_id: str
    role: StaffRole = "agent"
    except_for: tuple[str, ...] = ()


class Chosen(Fact):
    """Who was found; empty when nobody is at work and free, and the conversation waits in the queue."""

    subject: str = ""
    name: str = ""


class Reception:
    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    @activity.defn
    async def choose_person(self, ask: ChoosePerson) -> Chosen:
        """Report who is to have the conversation, in turns, each up to their capacity; raises Unavailable."""
        now = datetime.now(UTC)
        member = await self._roster.choose(ask.tenant, ask.conversation_id, ask.role, ask.except_for, now)
        return Chosen(subject=member.subject, name=member.name) if member else Chosen()
