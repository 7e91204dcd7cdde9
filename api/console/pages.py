"""Rendering: templates with every value escaped, the vendored assets, and problems told where they happened."""

import hashlib
import re
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from activities.errors import Unavailable
from api.console import words
from api.console.guard import HEADERS, SAFE, check_write, form_token, settings_of
from api.problems import PROBLEMS, Problem
from api.settings import Profile

HOME = Path(__file__).parent
SIGN_IN = "/console/sign-in"
# A page of the console: whoever may read it is brought there after signing in, and nowhere else.
PAGE = re.compile(r"/console(?:[/?][!-\[\]-~]*)?")
SIGNED_OUT = ("token-missing", "token-expired", "token-invalid")
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}

ASSETS = {path.name: path.read_bytes() for path in sorted((HOME / "assets").iterdir()) if path.suffix in TYPES}
# One hash for all of them: a new version of any is a new address, and the old one may be kept for ever.
VERSION = hashlib.sha256(b"".join(ASSETS.values())).hexdigest()[:12]

templates = Environment(
    loader=FileSystemLoader(HOME / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.globals["asset"] = lambda name: f"/console/assets/{VERSION}/{name}"
templates.filters.update(words.FILTERS)


class Guarded(APIRoute):
    """A route whose writes come from here, whose answers say what a browser may do, and whose problems are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        plain = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                if request.method not in SAFE:
                    await check_write(request, signed_in=request.url.path != SIGN_IN)
                response = await plain(request)
            except Problem as problem:
                response = refuse(request, problem)
            except Unavailable:
                response = refuse(request, Problem("redis-unavailable"))
            except RequestValidationError as error:
                where = ", ".join(str(fault["loc"][-1]) for fault in error.errors())
                response = refuse(request, Problem("request-invalid", f"Look at: {where}."))
            except HTTPException as error:
                response = refuse(request, _foreseen(error))
            response.headers.update(HEADERS)
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return guarded


def room() -> APIRouter:
    """Make a router for pages under /console."""
    return APIRouter(prefix="/console", route_class=Guarded, include_in_schema=False)


def render(request: Request, name: str, status: int = 200, /, **values: object) -> HTMLResponse:
    """Answer with a template; it also sees `visitor`, `path`, `form_token`, `development` and `asset(name)`."""
    known = {
        "visitor": getattr(request.state, "visitor", None),
        "path": request.url.path,
        "form_token": form_token(request),
        "development": settings_of(request).profile is Profile.DEVELOPMENT,
    }
    return HTMLResponse(templates.get_template(name).render({**known, **values}), status)


def by_htmx(request: Request) -> bool:
    """Say whether a part of a page asks, and not a person who opens an address."""
    return request.headers.get("HX-Request") == "true"


def refuse(request: Request, problem: Problem, acts: Mapping[str, str] | None = None, advice: str = "") -> Response:
    """Tell a problem in plain words, in the page's notice where a part of a page asked; signed out: to the sign-in.

    `acts` are new act ids for forms whose act was refused for good; `advice` stands in place of the usual one.
    """
    if problem.slug in SIGNED_OUT:
        ended = problem.slug == "token-expired" or request.method not in SAFE
        return to_sign_in(request, "expired" if ended else "", _asked_for(request))
    detail = advice or words.refusal(problem.slug, problem.detail or "")
    return tell(request, PROBLEMS[problem.slug].title, detail, problem.status_code, acts)


def tell(
    request: Request, title: str, detail: str, status: int = 200, acts: Mapping[str, str] | None = None
) -> Response:
    """Say something in the page's notice, or on a page of its own where a whole page was asked for."""
    told = {"title": title, "detail": detail}
    if not by_htmx(request):
        return render(request, "problem.html", status, **told)
    answer = render(request, "notice.html", status, acts=acts or {}, **told)
    answer.headers.update({"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"})
    return answer


def to_sign_in(request: Request, why: str = "", onward: str = "") -> Response:
    """Send a browser to the sign-in page, the whole page of it where only a part asked; from there `onward`."""
    query = urlencode({name: value for name, value in (("why", why), ("next", page_of(onward))) if value})
    address = f"{SIGN_IN}?{query}" if query else SIGN_IN
    if by_htmx(request):
        return Response(status_code=200, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def page_of(address: str) -> str:
    """Give an address back if it is one of a page of the console, else nothing: it may come from anywhere."""
    fine = PAGE.fullmatch(address) and "//" not in address and not address.startswith("/console/sign-")
    return address if fine else ""


def _asked_for(request: Request) -> str:
    """Name the page that somebody without a session wants to see, or was on."""
    if by_htmx(request):
        here = urlsplit(request.headers.get("HX-Current-URL", ""))
        return f"{here.path}?{here.query}" if here.query else here.path
    if request.method not in SAFE:
        return ""
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _foreseen(error: HTTPException) -> Problem:
    """Name what the framework refuses by itself."""
    if error.status_code == 400:
        return Problem("request-invalid", "The form could not be read; load the page again.")
    return Problem({404: "route-not-found", 405: "method-not-allowed"}.get(error.status_code, "internal"))
