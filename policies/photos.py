"""What pictures of customers may be: how large, how many, and how long they are kept."""

from collections.abc import Iterable
from datetime import datetime, timedelta

LARGEST_UPLOAD = 8 * 1024 * 1024
# Of a JPEG, a decoder needs no more than will be shown; the other kinds it holds whole, four bytes a pixel.
MOST_PIXELS_JPEG = 40_000_000
MOST_PIXELS = 16_000_000
LONGEST_SIDE = 2_000
MOST_IN_CONVERSATION = 10
MOST_IN_MESSAGE = 4
# Of one customer, whatever conversations they name: begun and not ended yet, or never begun.
MOST_IN_HOUR = 20
MOST_UNSENT = 20
# Uploaded and never sent with a message.
UNSENT_KEPT = timedelta(days=1)
# As long as Temporal keeps an ended conversation (HOLDFAST_RETENTION).
SENT_KEPT = timedelta(days=90)


def too_large(size: int) -> bool:
    """Say whether an upload of so many bytes, or that many of it so far, is refused."""
    return size > LARGEST_UPLOAD


def too_detailed(width: int, height: int, jpeg: bool) -> bool:
    return width * height > (MOST_PIXELS_JPEG if jpeg else MOST_PIXELS)


def may_add(senders: Iterable[str], sender: str) -> bool:
    """Say whether a sender may add a picture to a conversation that holds one of each of `senders`."""
    return sum(each == sender for each in senders) < MOST_IN_CONVERSATION


def may_hold_another(unsent: int) -> bool:
    """Say whether a sender who has so many pictures waiting for their message may upload one more."""
    return unsent < MOST_UNSENT


def outlived(uploaded_at: datetime, sent_at: datetime | None, now: datetime) -> bool:
    """Say whether a picture is to be removed."""
    return now - sent_at > SENT_KEPT if sent_at else now - uploaded_at > UNSENT_KEPT
