"""One thing a customer did, whatever door it came through."""

from dataclasses import dataclass

from policies.wishes import Wish
from workflows.messages import CustomerMessage, EventKind, Feedback, OfferAnswer, PersonWanted, Photo


@dataclass(frozen=True)
class Said:
    """A text, a press of an offer's button, a wish for a person, or a thumb; `shown` is how the log prints it.

    With `again` it was logged before, and a person left it to the AI.
    """

    message_id: str
    text: str = ""
    is_text: bool = False
    pressed: bool | None = None
    digest: str = ""
    wants_person: bool = False
    feedback: str = ""
    wish: Wish | None = None
    photos: tuple[Photo, ...] = ()
    again: bool = False

    @classmethod
    def of(cls, message: CustomerMessage | OfferAnswer | PersonWanted | Feedback) -> "Said":
        match message:
            case CustomerMessage():
                return cls(
                    message.message_id, text=message.text, is_text=True, wish=message.wish, photos=message.photos
                )
            case OfferAnswer():
                return cls(message.message_id, pressed=message.accept, digest=message.digest)
            case PersonWanted():
                return cls(message.message_id, text=message.reason, wants_person=True)
            case Feedback():
                return cls(message.message_id, text=message.comment, feedback=message.rating)

    @property
    def kind(self) -> EventKind:
        return EventKind.FEEDBACK if self.feedback else EventKind.CUSTOMER

    @property
    def shown(self) -> str:
        if self.pressed is not None:
            return "[confirmed]" if self.pressed else "[declined]"
        if self.feedback:
            return f"[thumbs {self.feedback}] {self.text}".strip()
        return f"[asks for a person] {self.text}".strip() if self.wants_person else self.text
