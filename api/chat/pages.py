"""The chat component as shops load it, and, in the development profile only, a demo shop that hosts it."""

import gzip
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import jwt
import rjsmin  # type: ignore[import-untyped]  # it carries no types
from fastapi import APIRouter, Header, Query, Response

from api.auth import Role
from api.problems import Problem
from api.settings import Profile
from api.wiring import Parts, PartsDep
from policies.frozen import Fact

router = APIRouter(prefix="/chat", include_in_schema=False)

ASSETS = Path(__file__).parent / "assets"
COMPONENT = "holdfast-chat.js"
LANGUAGES = frozenset(path.stem for path in (ASSETS / "words").glob("*.json"))
# Short enough that a fix reaches every shop within minutes; after that the ETag makes asking again cheap.
FRESH_SECONDS = 300
TENANT = "northwind"
TOKEN_LASTS = timedelta(minutes=10)
# What a careful shop sends: the component must work under it, so the demo shop does too.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class File(NamedTuple):
    body: bytes
    etag: str


class DemoToken(Fact):
    """What the `token-url` of a shop answers."""

    token: str
    expires_at: datetime


@router.get("/" + COMPONENT)
def component(if_none_match: Annotated[str, Header()] = "", accept_encoding: Annotated[str, Header()] = "") -> Response:
    """Give the component, a JavaScript module that pages of every origin may load."""
    return _for_every_shop(COMPONENT, "text/javascript", if_none_match, accept_encoding)


@router.get("/words/{language}.json")
def words(
    language: str, if_none_match: Annotated[str, Header()] = "", accept_encoding: Annotated[str, Header()] = ""
) -> Response:
    """Give the component's words in a language other than English, which it has itself."""
    if language not in LANGUAGES:
        raise Problem("route-not-found")
    return _for_every_shop(f"words/{language}.json", "application/json", if_none_match, accept_encoding)


@router.get("/demo")
def demo(parts: PartsDep) -> Response:
    """Show the demo shop."""
    _development_only(parts)
    headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
    return _for_the_demo("demo-shop.html", "text/html", "", headers)


@router.get("/demo/demo-shop.{kind}")
def demo_file(kind: Literal["css", "js"], parts: PartsDep, if_none_match: Annotated[str, Header()] = "") -> Response:
    """Give the demo shop's style and script."""
    _development_only(parts)
    return _for_the_demo(f"demo-shop.{kind}", {"css": "text/css", "js": "text/javascript"}[kind], if_none_match)


@router.api_route("/demo/token", methods=["GET", "POST"])
def demo_token(
    parts: PartsDep,
    response: Response,
    customer: Annotated[Literal["U789", "U100", "U101", "U102", "U105"], Query()] = "U789",
) -> DemoToken:
    """Mint a token for a customer of the demo shop, as a shop's backend does for whoever is signed in there."""
    _development_only(parts)
    secret = parts.settings.jwt_secret
    if secret is None:
        raise Problem("route-not-found")
    response.headers["Cache-Control"] = "no-store"
    until = datetime.now(UTC) + TOKEN_LASTS
    claims = {"tenant": TENANT, "sub": customer, "role": Role.CUSTOMER, "iat": until - TOKEN_LASTS, "exp": until}
    meant_for = {"aud": parts.settings.jwt_audience, "iss": parts.settings.jwt_issuer}
    return DemoToken(token=jwt.encode({**claims, **meant_for}, secret.get_secret_value(), "HS256"), expires_at=until)


def _development_only(parts: Parts) -> None:
    if parts.settings.profile is not Profile.DEVELOPMENT:
        raise Problem("route-not-found")


def _for_every_shop(name: str, media_type: str, known: str, encodings: str) -> Response:
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": f"public, max-age={FRESH_SECONDS}",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Vary": "Accept-Encoding",
    }
    if "gzip" in encodings:
        return _answer(_squeezed(name), media_type, known, {**headers, "Content-Encoding": "gzip"})
    return _answer(_read(name), media_type, known, headers)


def _for_the_demo(name: str, media_type: str, known: str, more: Mapping[str, str] | None = None) -> Response:
    headers = {"Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": "same-origin", **(more or {})}
    return _answer(_read(name), media_type, known, headers)


def _answer(file: File, media_type: str, known: str, more: Mapping[str, str]) -> Response:
    headers = {"ETag": file.etag, "X-Content-Type-Options": "nosniff", **more}
    if file.etag in {each.strip().removeprefix("W/") for each in known.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=f"{media_type}; charset=utf-8", headers=headers)


@cache
def _read(name: str) -> File:
    body = (ASSETS / name).read_bytes()
    if name == COMPONENT:
        body = lean(body.decode()).encode()
    return File(body, f'"{sha256(body).hexdigest()[:32]}"')


@cache
def _squeezed(name: str) -> File:
    body, etag = _read(name)
    return File(gzip.compress(body, mtime=0), etag.removesuffix('"') + '-gzip"')


def lean(module: str) -> str:
    """Leave out what only its readers need: comments, indentation, and the whitespace of its style sheet.

    No other template string is touched, for spaces in them are text.
    """
    styled = re.sub(r"(?<=replaceSync\(`)[^`]*", lambda sheet: _lean_style(sheet[0]), module)
    lines: str = rjsmin.jsmin(styled)
    return lines


def _lean_style(sheet: str) -> str:
    one_line = re.sub(r"\s+", " ", sheet).strip()
    return re.sub(r" ?([{};]) ?|([:,]) ", r"\1\2", one_line).replace(";}", "}")
