"""Let a reply leave while it is written: whole sentences, each only after it was found true."""

from collections.abc import Sequence

from policies.sentence_ends import ends_of
from policies.truth import Judge
from policies.untrue import Untrue


class SentenceGate:
    """Takes a reply in pieces of any size; what it lets out is always a beginning of the reply.

    After the first untrue sentence nothing leaves any more. `untrue` says why, `text` is all that has left.
    """

    def __init__(self, told: Sequence[str], language: str, asked: str = "") -> None:
        self.untrue: tuple[Untrue, ...] = ()
        self.text = ""
        self._judge = Judge(told, language, asked)
        self._written = ""

    def feed(self, piece: str) -> str:
        """Take the next piece, and give the sentences that are certain to have ended and are true."""
        self._written += piece
        if self.untrue:
            return ""
        return self._release(list(ends_of(self._written, growing=True, since=len(self.text))))

    def finish(self) -> str:
        """Give what is left of a reply that is complete."""
        if self.untrue:
            return ""
        return self._release([*ends_of(self._written, since=len(self.text)), len(self._written)])

    def _release(self, ends: Sequence[int]) -> str:
        before = len(self.text)
        for end in ends:
            self.untrue = self._judge.judge(self._written[len(self.text) : end])
            if self.untrue:
                break
            self.text = self._written[:end]
        return self.text[before:]
