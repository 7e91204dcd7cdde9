"""Answers in two parts, a thought and a response: the response is let out while it is decoded, the thought never."""

from typing import Literal

Fault = Literal["", "no_response", "text_outside", "tag_in_response", "unclosed"]
Place = Literal["before", "thought", "between", "response", "after"]

MOST_THOUGHT = 4_000
# The form for constrained decoding, bounded so that every generation ends. Without "<" no part can hold a tag.
PATTERN = r"<thought>[^<]{1,300}</thought>\n?<response>[^<]{1,1200}</response>"

# Which tags lead where; anything else between the parts is text where none belongs.
_EXITS: dict[Place, dict[str, Place]] = {
    "before": {"<thought>": "thought", "<response>": "response"},
    "thought": {"</thought>": "between"},
    "between": {"<response>": "response"},
    "response": {"</response>": "after"},
    "after": {},
}
# Beginnings that no word for a customer has, whatever follows them: `<think>` is how reasoning models begin a thought.
_STRAY = ("<thought", "</thought", "<response", "</response", "<think", "</think")


class TwoParts:
    """Reads `<thought>…</thought><response>…</response>` in pieces, cut anywhere.

    Tags may be written in any case and with blanks inside; the thought may be missing, the response may not. From the
    first fault on nothing more is let out:

    - "text_outside": anything but blanks before, between or behind the two parts. A model that forgets the form ends
      here at its first letter, and so does what follows `</response>`.
    - "tag_in_response": a tag of either part, or of a reasoning model's own, begins inside the response.
    - "unclosed": the text ends inside a part; `finish` says so, and what was let out is not a whole response.
    - "no_response": the text ends without one, or it is blank.

    `thought` holds its first 4,000 characters.
    """

    def __init__(self) -> None:
        self.thought = ""
        self.fault: Fault = ""
        self._place: Place = "before"
        self._spoken = False
        # What may be a tag: as it was written, and with its blanks left out.
        self._held = self._tag = ""

    def feed(self, piece: str) -> str:
        """Give the text of the response that is certain now; its leading blanks are left out."""
        return "".join(map(self._take, piece))

    def finish(self) -> str:
        """Take the end of the text and name its fault. Gives the rest, which is nothing: what is held is a cut tag."""
        if not self.fault:
            if self._place in ("thought", "response"):
                self.fault = "unclosed"
            elif self._place != "after" or not self._spoken:
                self.fault = "no_response"
        return ""

    def _take(self, char: str) -> str:
        if self.fault:
            return ""
        released = ""
        if self._held:
            self._held += char
            self._tag += "" if char.isspace() else char.lower()
            if self._leads_on() or self._may_become_a_tag():
                return ""
            released, self._held, self._tag = self._put(self._held[:-1]), "", ""
        if char == "<" and _EXITS[self._place]:
            self._held = self._tag = char
            return released
        return released + self._put(char)

    def _leads_on(self) -> bool:
        """Go on to the next part at a whole tag, or to a fault at one that has no business here."""
        exits = _EXITS[self._place]
        if self._tag in exits:
            self._place, self._held, self._tag = exits[self._tag], "", ""
        elif self._place == "response" and self._tag.startswith(_STRAY) and self._tag != "</response":
            self.fault = "tag_in_response"
        else:
            return False
        return True

    def _may_become_a_tag(self) -> bool:
        awaited = (*_EXITS[self._place], *(_STRAY if self._place == "response" else ()))
        return any(each.startswith(self._tag) for each in awaited)

    def _put(self, text: str) -> str:
        """Put text where it belongs; only that of the response comes back."""
        if self._place == "response":
            text = text if self._spoken else text.lstrip()
            self._spoken = self._spoken or bool(text)
            return text
        if self._place == "thought":
            self.thought += text[: MOST_THOUGHT - len(self.thought)]
        elif not text.isspace():
            self.fault = "text_outside"
        return ""
