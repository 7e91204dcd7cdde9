"""The lessons page: messages nobody has named the intent of, to be named with one key each, or deleted."""

from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from api import lessons
from api.auth import Visitor
from api.console import pages
from api.console.sessions import Colleague
from api.lessons import LessonId, MeantIn
from api.wiring import Parts, PartsDep
from policies.lessons import Lesson

router = pages.room()

AT_ONCE = 50
# Keys 1 to 9 choose among what the message was taken for, then among what customers want most often.
KEYS = 9
FREQUENT = ("track_order", "refund_request", "return_request", "delivery_dispute", "cancel_order", "contact_human")


@router.get("/lessons")
async def show_lessons(request: Request, visitor: Colleague, parts: PartsDep) -> Response:
    """List what waits for a name, oldest first."""
    waiting = await lessons.list_lessons(visitor, parts, AT_ONCE + 1)
    return pages.render(
        request,
        "lessons.html",
        items=[(lesson, _choices(lesson, _known(parts, visitor))) for lesson in waiting[:AT_ONCE]],
        intents=sorted(_known(parts, visitor)),
        more=len(waiting) > AT_ONCE,
    )


@router.post("/lessons/{lesson_id}")
async def name(
    request: Request, lesson_id: LessonId, visitor: Colleague, parts: PartsDep, intent: Annotated[str, Form()] = ""
) -> Response:
    """Say what a message meant."""
    lesson = await lessons.label(lesson_id, MeantIn(intent=intent[:100] or "?"), visitor, parts)
    return _answer(request, lesson_id, lesson)


@router.post("/lessons/{lesson_id}/delete")
async def delete(request: Request, lesson_id: LessonId, visitor: Colleague, parts: PartsDep) -> Response:
    """Delete a message that teaches nothing."""
    await lessons.delete(lesson_id, visitor, parts)
    return _answer(request, lesson_id, None)


def _answer(request: Request, lesson_id: str, lesson: Lesson | None) -> Response:
    if not pages.by_htmx(request):
        return RedirectResponse("/console/lessons", 303)
    return pages.render(request, "lessons_done.html", lesson_id=lesson_id, lesson=lesson)


def _known(parts: Parts, visitor: Visitor) -> frozenset[str]:
    return parts.intents.of(visitor.tenant)


def _choices(lesson: Lesson, known: frozenset[str]) -> list[tuple[str, float | None]]:
    """What a key each stands for: intents, with how sure we were where the message was taken for one."""
    guessed: dict[str, float | None] = {guess.id: guess.confidence for guess in lesson.guesses if guess.id in known}
    for intent in FREQUENT:
        if intent in known:
            guessed.setdefault(intent, None)
    return list(guessed.items())[:KEYS]
