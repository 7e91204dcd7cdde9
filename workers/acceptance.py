"""Turn judged lines into exemplars: check each one, put the good ones on the shelf, remember which lessons they end."""

from collections import defaultdict
from collections.abc import Sequence

from activities.ports import Lessons
from policies.lessons import Lesson, holds_personal
from policies.likeness import likeness
from policies.unicode import readable
from policies.yaml_lines import BadFile
from workers.exemplars import LANGUAGE, Shelf
from workers.judged import Line

SHORTEST, LONGEST = 2, 300


class Acceptance:
    """Takes lines one by one; `refused` says why some were not taken, `lessons` which ones are exemplars now."""

    def __init__(self, shelf: Shelf, lessons: Lessons, tenant: str | None) -> None:
        self._shelf = shelf
        self._lessons = lessons
        self._tenant = tenant
        self._holders = shelf.holders()
        self.refused: list[str] = []
        self.lessons: dict[str, list[str]] = defaultdict(list)

    async def take(self, lines: Sequence[Line]) -> None:
        """Put every good line on the shelf; raises Unavailable when a lesson has to be looked up and cannot be."""
        for line in lines:
            reason = await self._take(line)
            if reason:
                self.refused.append(line.refused(reason))

    async def _take(self, line: Line) -> str:
        judged = line.judged
        tenant = judged.tenant or self._tenant
        if self._tenant and tenant != self._tenant:
            return f"these are words of {tenant}'s customers"
        if judged.ids and not tenant:
            return '"tenant" is missing: it says whose lesson this is'
        lesson: Lesson | None = None
        if judged.text is None:
            lesson = await self._lessons.find(tenant, judged.id) if tenant and judged.id else None
            if lesson is None:
                return f"there is no lesson {judged.id} (any more)" if judged.id else '"text" or "id" is missing'
        text = " ".join(readable(judged.text or (lesson.text if lesson else "")).split())
        language = judged.language or (lesson.language if lesson else "") or "en"
        if reason := self._fault(text, language):
            if tenant and self._holders.get(likeness(text)) == line.intent:
                # Taught before, perhaps by a run whose store went away: the lesson has nothing left to say.
                self.lessons[tenant] += judged.ids
            return reason
        try:
            self._shelf.add(line.intent, language, text)
        except BadFile as bad:
            return str(bad)
        self._holders[likeness(text)] = line.intent
        if tenant:
            self.lessons[tenant] += judged.ids
        return ""

    def _fault(self, text: str, language: str) -> str:
        if not SHORTEST <= len(text) <= LONGEST:
            return f"an exemplar has {SHORTEST} to {LONGEST} characters, this has {len(text)}"
        if not LANGUAGE.fullmatch(language):
            return f"no such language: {language!r}"
        # What is personal is not repeated here: standard error ends up in logs.
        if holds_personal(text):
            return "holds personal data; say it without"
        holder = self._holders.get(likeness(text))
        return f"is an exemplar of {holder} already" if holder else ""
