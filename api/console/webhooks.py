"""The webhooks page: which of the shop's own systems are told what, and messages to them that were given up."""

from collections.abc import Mapping
from secrets import token_hex
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api import webhooks
from api.auth import Visitor
from api.console import pages
from api.console.sessions import SupervisorPage
from api.problems import PROBLEMS, Problem
from api.webhooks import EndpointId, MessageId, WebhookChangeIn, WebhookIn, WithSecret
from api.wiring import Parts, PartsDep
from policies.webhooks import EVENTS, Told
from workflows.webhook_messages import Attempt

router = pages.room()

HOME = "/console/webhooks"
# Chosen when a form is made, so that sending it twice is one act.
FormId = Annotated[str, Form(pattern=r"^([0-9a-f]{16})?$")]
MEANINGS: Mapping[str, str] = {
    Told.STARTED: "a conversation began",
    Told.HANDOFF: "a customer needs a person",
    Told.APPROVAL: "a refund waits for approval",
    Told.REFUND_SETTLED: "a refund was paid",
    Told.CLOSED: "a conversation ended",
    Told.FEEDBACK: "a customer gave thumbs up or down",
    Told.TEST: "a test",
}
FAILURES: Mapping[str, str] = {
    "": "no answer",
    "removed": "the endpoint was removed",
    "disabled": "the endpoint is disabled",
    "no_secret": "its secret cannot be read; make a new one",
    "bad_url": "its address is not acceptable",
    "refused_address": "its name leads to an address that may not be reached",
    "unresolved": "its name leads nowhere",
    "unreachable": "no connection",
    "tls": "its certificate was not accepted",
    "timeout": "no answer in time",
    "broken": "the answer broke off",
}
WHERE = {"body/url": "The address", "body/events": "The event"}
NOT_TRIED = "The test was not sent in time, and is not sent later. Try again in a moment."
UNREACHABLE = "Messages that were given up cannot be listed right now."


@router.get("/webhooks")
async def show_webhooks(request: Request, visitor: SupervisorPage, parts: PartsDep) -> Response:
    """List endpoints and dead letters."""
    return await _page(request, visitor, parts)


@router.post("/webhooks")
async def add(
    request: Request,
    visitor: SupervisorPage,
    parts: PartsDep,
    url: Annotated[str, Form(max_length=2_000)] = "",
    events: Annotated[list[str] | None, Form()] = None,
    description: Annotated[str, Form(max_length=200)] = "",
    form_id: FormId = "",
) -> Response:
    """Subscribe an endpoint; its secret is on this page once, and the same form sent again adds none."""
    typed = {"url": url.strip(), "events": events or [], "description": description.strip()}
    try:
        made = await webhooks.subscribe(WebhookIn.model_validate(typed), visitor, parts, form_id and f"we_{form_id}")
    except ValidationError as error:
        return await _page(request, visitor, parts, 422, fault=_fault(error), typed=typed)
    except Problem as problem:
        return await _page(request, visitor, parts, problem.status_code, fault=_why(problem), typed=typed)
    return pages.render(request, "webhooks_secret.html", issued=made, rotated=False)


@router.post("/webhooks/{endpoint_id}/rotate")
async def rotate(
    request: Request, endpoint_id: EndpointId, visitor: SupervisorPage, parts: PartsDep, form_id: FormId = ""
) -> Response:
    """Make a new secret; it is on this page once, and the same form sent again makes none."""
    made: WithSecret = await webhooks.renew_secret(endpoint_id, visitor, parts, form_id)
    return pages.render(request, "webhooks_secret.html", issued=made, rotated=True)


@router.post("/webhooks/{endpoint_id}/disabled")
async def set_disabled(
    endpoint_id: EndpointId, visitor: SupervisorPage, parts: PartsDep, disabled: Annotated[bool, Form()]
) -> Response:
    """Disable an endpoint, or enable it again."""
    await webhooks.change_webhook(endpoint_id, WebhookChangeIn(disabled=disabled), visitor, parts)
    return RedirectResponse(HOME, 303)


@router.post("/webhooks/{endpoint_id}/delete")
async def delete(endpoint_id: EndpointId, visitor: SupervisorPage, parts: PartsDep) -> Response:
    """Remove an endpoint and what is on its way to it."""
    await webhooks.remove_webhook(endpoint_id, visitor, parts)
    return RedirectResponse(HOME, 303)


@router.post("/webhooks/{endpoint_id}/test")
async def test(request: Request, endpoint_id: EndpointId, visitor: SupervisorPage, parts: PartsDep) -> Response:
    """Send a test and say what came of it."""
    try:
        attempt = await webhooks.test_webhook(endpoint_id, visitor, parts)
    except Problem as problem:
        if problem.slug != "still-working":
            raise
        return await _page(request, visitor, parts, problem.status_code, fault=NOT_TRIED)
    return await _page(request, visitor, parts, tried=attempt, tried_for=endpoint_id)


@router.post("/webhooks/dead/{endpoint_id}/{message_id}/replay")
async def replay(
    request: Request, endpoint_id: EndpointId, message_id: MessageId, visitor: SupervisorPage, parts: PartsDep
) -> Response:
    """Try a message that was given up again, and say what came of it."""
    attempt = await webhooks.replay(endpoint_id, message_id, visitor, parts)
    return await _page(request, visitor, parts, tried=attempt, tried_for=message_id)


async def _page(
    request: Request,
    visitor: Visitor,
    parts: Parts,
    status: int = 200,
    *,
    fault: str = "",
    typed: Mapping[str, object] | None = None,
    tried: Attempt | None = None,
    tried_for: str = "",
) -> Response:
    endpoints = await webhooks.list_webhooks(visitor, parts)
    lost = ""
    try:
        dead = await webhooks.list_dead(visitor, parts)
    except Problem:
        dead, lost = [], UNREACHABLE
    return pages.render(
        request,
        "webhooks.html",
        status,
        endpoints=endpoints,
        # A letter being replayed may still be listed for a second.
        dead=[letter for letter in dead if letter.message_id != tried_for],
        addresses={endpoint.id: endpoint.url for endpoint in endpoints},
        lost=lost,
        events=EVENTS,
        meanings=MEANINGS,
        failures=FAILURES,
        fault=fault,
        form_id=lambda: token_hex(8),
        typed=typed or {"url": "", "events": [], "description": ""},
        tried=tried,
        tried_for=tried_for,
    )


def _fault(error: ValidationError) -> str:
    parts = {str(fault["loc"][0]): fault["msg"] for fault in error.errors() if fault["loc"]}
    if "events" in parts:
        return "Choose at least one event."
    if "url" in parts:
        return "Write the whole address of your system, such as https://shop.example/holdfast."
    return "; ".join(f"{where}: {why}" for where, why in parts.items())


def _why(problem: Problem) -> str:
    errors = problem.more.get("errors")
    if isinstance(errors, list):
        return " ".join(f"{WHERE.get(error['where'], error['where'])} {error['why']}." for error in errors)
    return problem.detail or PROBLEMS[problem.slug].title
