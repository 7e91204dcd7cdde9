"""What people do to a conversation: a form becomes an act, is carried once, and the page is brought up to date."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Path, Request, Response
from pydantic import ValidationError
from starlette.datastructures import FormData

from activities.errors import Unavailable
from api.auth import Visitor
from api.bodies import NAME, ConversationId
from api.console import pages, words
from api.console.conversation import KEPT_FORMS, new_act, standing
from api.console.sessions import Colleague
from api.problems import PROBLEMS, Problem
from api.wiring import Parts, PartsDep
from workflows.messages import Refusal
from workflows.people import (
    Act,
    Assign,
    Claim,
    HandBack,
    Note,
    Prioritise,
    Resolve,
    Ruling,
    Snooze,
    Tag,
    Tell,
)

router = pages.room()

Kind = Annotated[str, Path(pattern=r"^[a-z_]{1,20}$")]
LONGEST_SNOOZE_HOURS = 24 * 30
WRITING = ("tell", "note")
# What a canned reply leaves to be filled in.
GAP = re.compile(r"\{(?:customer|order|agent|tenant)\}")


@router.post("/c/{conversation_id}/acts/{kind}")
async def act(
    request: Request, conversation_id: ConversationId, kind: Kind, visitor: Colleague, parts: PartsDep
) -> Response:
    """Do one thing to a conversation; the act's id was chosen when its form was made, so a double click is one act."""
    form = await request.form()
    await parts.rates.take(visitor)
    try:
        meant = await _read(kind, form, parts, visitor)
        await parts.line.act(visitor, conversation_id, _act_id(form), meant)
    except Problem as problem:
        return _refused(request, kind, problem)
    fresh = {kind: new_act()} if kind in KEPT_FORMS else {}
    try:
        transcript = await parts.line.transcript(visitor, conversation_id)
    except Problem as problem:
        # Answered as done, so that the form is emptied: what was done is not to be sent under another id.
        return pages.tell(request, PROBLEMS[problem.slug].title, words.DONE_UNSEEN, acts=fresh)
    return pages.render(request, "standing.html", acts=fresh, **await standing(parts, visitor, transcript))


def _refused(request: Request, kind: str, problem: Problem) -> Response:
    """Tell why in place. A refused act is over, so its form gets another id; one not answered yet keeps its own."""
    over = problem.status_code < 500 and problem.status_code not in (401, 429)
    advice = words.UNSURE if problem.slug in words.LOST else ""
    return pages.refuse(request, problem, {kind: new_act()} if over and kind in KEPT_FORMS else None, advice)


def _act_id(form: FormData) -> str:
    given = _text(form, "act_id")
    if not re.fullmatch(NAME, given):
        raise Problem("request-invalid", "Load the page again: the form has no act id.")
    return given


async def _read(kind: str, form: FormData, parts: Parts, visitor: Visitor) -> Act:
    if kind in WRITING and not _text(form, "text"):
        raise Problem(Refusal.BLANK)
    if kind == "tell" and (gap := GAP.search(_text(form, "text"))):
        raise Problem("request-invalid", f"Write something in place of {gap[0]}.")
    try:
        if kind == "assign":
            return await _assign(form, parts, visitor)
        if kind not in READERS:
            raise Problem("route-not-found")
        return READERS[kind](form)
    except ValidationError as error:
        where = " and ".join(sorted({str(fault["loc"][-1]) for fault in error.errors()}))
        raise Problem("request-invalid", f"Look at {where}: it is missing or too long.") from None


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


async def _assign(form: FormData, parts: Parts, visitor: Visitor) -> Assign:
    to = _text(form, "to")
    try:
        members = await parts.desk.members(visitor.tenant, datetime.now(UTC)) if to else ()
    except Unavailable:
        raise Problem("redis-unavailable") from None
    names = {member.subject: member.name for member in members}
    if to and to not in names:
        raise Problem("request-invalid", "That colleague was not at work in the last day.")
    return Assign(to=to, to_name=names.get(to, ""))


def _hand_back(form: FormData) -> HandBack:
    """Read the note and every decision with words; rows left blank are none."""
    columns = [
        [str(value).strip() for value in form.getlist(name)] for name in ("matter", "order_id", "agreed", "words")
    ]
    rulings = [
        Ruling.model_validate({"matter": matter, "order_id": order_id, "agreed": agreed == "yes", "words": words})
        for matter, order_id, agreed, words in zip(*columns, strict=False)
        if words
    ]
    return HandBack(note=_text(form, "note"), decisions=tuple(rulings))


def _tag(form: FormData) -> Tag:
    add = tuple(tag for each in _text(form, "add").split(",") if (tag := each.strip()[:40]))
    remove = (_text(form, "remove"),) if _text(form, "remove") else ()
    if not add and not remove:
        raise Problem(Refusal.BLANK)
    return Tag(add=add, remove=remove)


def _snooze(form: FormData) -> Snooze:
    hours = _text(form, "hours")
    if not hours:
        return Snooze()
    if not hours.isdecimal() or not 1 <= int(hours[:6]) <= LONGEST_SNOOZE_HOURS:
        raise Problem("request-invalid", "Choose how long from the list.")
    return Snooze(until=datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=int(hours)))


READERS: Mapping[str, Callable[[FormData], Act]] = {
    "claim": lambda form: Claim(force=_text(form, "force") == "yes"),
    "tell": lambda form: Tell(text=_text(form, "text")),
    "note": lambda form: Note(text=_text(form, "text")),
    "hand_back": _hand_back,
    "resolve": lambda form: Resolve(note=_text(form, "note")),
    "tag": _tag,
    "prioritise": lambda form: Prioritise.model_validate({"priority": _text(form, "priority")}),
    "snooze": _snooze,
}
