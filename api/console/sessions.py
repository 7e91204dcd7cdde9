"""Sessions: the bearer token itself, in a cookie no script can read; nothing about a session is kept on our side."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import jwt
from fastapi import Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.auth import Role, Visitor
from api.console import pages
from api.console.guard import cookie_name, credential, settings_of
from api.problems import Problem
from api.settings import Profile, Settings
from api.wiring import Parts, PartsDep
from policies.frozen import Fact
from workflows.messages import Refusal

router = pages.room()

STAFF = (Role.AGENT, Role.SUPERVISOR)
WORKING_DAY = timedelta(hours=10)


class Acquaintance(Fact):
    """Somebody to sign in as where the development secret signs tokens anyway."""

    tenant: str
    subject: str
    name: str
    role: Role


TENANTS = ("northwind", "alpenpost", "kirana")
ACQUAINTANCES = {
    f"{tenant}/{subject}": Acquaintance(tenant=tenant, subject=subject, name=name, role=role)
    for tenant in TENANTS
    for subject, name, role in (
        ("ana", "Ana", Role.AGENT),
        ("ben", "Ben", Role.AGENT),
        ("sue", "Sue", Role.SUPERVISOR),
    )
}


async def known(request: Request, parts: Parts) -> Visitor:
    """Read who asks; raises the problems of tokens, and role-not-allowed for customers."""
    visitor = await parts.gate.admit(credential(request))
    if visitor.role is Role.CUSTOMER:
        raise Problem(Refusal.ROLE, "The console is for the people of the shop.")
    request.state.visitor = visitor
    return visitor


async def colleague(request: Request, parts: PartsDep) -> Visitor:
    """Read who has this page open; raises the problems of tokens, and role-not-allowed for whoever is not staff."""
    visitor = await known(request, parts)
    if visitor.role not in STAFF:
        raise Problem(Refusal.ROLE, "This page is for agents and supervisors.")
    return visitor


Colleague = Annotated[Visitor, Depends(colleague)]


async def supervisor(visitor: Colleague) -> Visitor:
    if visitor.role is not Role.SUPERVISOR:
        raise Problem(Refusal.ROLE, "This page is for supervisors.")
    return visitor


SupervisorPage = Annotated[Visitor, Depends(supervisor)]


@router.get("/sign-in")
async def show_sign_in(request: Request, why: str = "", onward: Annotated[str, Query(alias="next")] = "") -> Response:
    """Offer what there is to sign in with."""
    people: dict[str, list[tuple[str, Acquaintance]]] = {}
    if _development(request):
        for key, person in ACQUAINTANCES.items():
            people.setdefault(person.tenant, []).append((key, person))
    told = {"expired": why == "expired", "wrong": why == "wrong", "onward": pages.page_of(onward)}
    return pages.render(request, "sign_in.html", known=people, **told)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    parts: PartsDep,
    token: Annotated[str, Form()] = "",
    person: Annotated[str, Form()] = "",
    onward: Annotated[str, Form(alias="next")] = "",
) -> Response:
    """Begin a session with a token, or in development as one of the acquaintances, and go on to the page `next`."""
    settings = settings_of(request)
    if person and _development(request) and person in ACQUAINTANCES:
        token = _mint(settings, ACQUAINTANCES[person])
    try:
        visitor = await parts.gate.admit(token.strip())
    except Problem as problem:
        if problem.slug not in pages.SIGNED_OUT:
            raise
        return pages.to_sign_in(request, "wrong", onward)
    if visitor.role not in (*STAFF, Role.OPS):
        raise Problem(Refusal.ROLE, "The console is for agents, supervisors and operators.")
    home, wished = "/console", pages.page_of(onward)
    if visitor.role is Role.OPS:
        home = "/console/supervision"
        wished = wished if wished.startswith(home) else ""
    answer = RedirectResponse(wished or home, 303)
    lasts = int((visitor.expires_at - datetime.now(UTC)).total_seconds())
    answer.set_cookie(cookie_name(settings), token.strip(), max_age=lasts, **_cookie(settings))
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Forget the session in this browser; the token itself ends when it expires."""
    settings = settings_of(request)
    answer = pages.to_sign_in(request)
    answer.delete_cookie(cookie_name(settings), **_cookie(settings))
    return answer


def _cookie(settings: Settings) -> dict[str, Any]:
    secure = settings.profile is not Profile.DEVELOPMENT
    # Lax, so that a link in a mail finds its reader signed in; writes are guarded by more than the cookie.
    return {"path": "/", "httponly": True, "samesite": "lax", "secure": secure}


def _development(request: Request) -> bool:
    return settings_of(request).profile is Profile.DEVELOPMENT


def _mint(settings: Settings, person: Acquaintance) -> str:
    assert settings.jwt_secret is not None
    claims = {
        "tenant": person.tenant,
        "sub": person.subject,
        "name": person.name,
        "role": person.role.value,
        "aud": settings.jwt_audience,
        "exp": datetime.now(UTC) + WORKING_DAY,
        **({"iss": settings.jwt_issuer} if settings.jwt_issuer else {}),
    }
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm="HS256")
