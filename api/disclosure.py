"""What a visitor sees of a conversation: customers what was said, staff also why and at what cost."""

from api.auth import Role, Visitor
from workflows.messages import Event, Reply, Transcript
from workflows.record import Spent


def reply_for(visitor: Visitor, reply: Reply) -> Reply:
    """Keep the decision record from customers: a fraud score and a limit are a recipe for getting around them."""
    return reply if visitor.role is not Role.CUSTOMER else reply.model_copy(update={"decision": None})


def event_for(visitor: Visitor, event: Event) -> Event:
    return event.model_copy(update={"reply": reply_for(visitor, event.reply)}) if event.reply else event


def transcript_for(visitor: Visitor, transcript: Transcript) -> Transcript:
    if visitor.role is not Role.CUSTOMER:
        return transcript
    events = tuple(event_for(visitor, event) for event in transcript.events)
    return transcript.model_copy(update={"events": events, "summary": "", "spent": Spent(), "desk": None})
