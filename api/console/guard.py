"""What stands before every page of the console: where a write comes from, and what a browser may do with an answer."""

import hashlib
import hmac
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.security.utils import get_authorization_scheme_param

from api.problems import Problem
from api.settings import Profile, Settings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TOKEN = "form_token"
# A script of another site cannot set this header without a preflight, which nothing here answers.
OWN_HEADER, OWN_VALUE = "X-Holdfast", "console"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def settings_of(request: Request) -> Settings:
    settings: Settings = request.app.state.parts.settings
    return settings


def cookie_name(settings: Settings) -> str:
    """Name the session's cookie; browsers keep a `__Host-` cookie only for this host, over TLS, for every path."""
    return "holdfast" if settings.profile is Profile.DEVELOPMENT else "__Host-holdfast"


def credential(request: Request) -> str:
    """Find the bearer token of a request: a proxy's Authorization header, else the session's cookie."""
    scheme, token = get_authorization_scheme_param(request.headers.get("Authorization"))
    if scheme.lower() == "bearer" and token:
        return token
    return request.cookies.get(cookie_name(settings_of(request)), "")


def form_token(request: Request) -> str:
    """Derive what a form of this session must carry; who cannot read the cookie cannot make it."""
    secret = settings_of(request).reference_secret.get_secret_value().encode()
    return hmac.new(secret, b"console form\n" + credential(request).encode(), hashlib.sha256).hexdigest()[:40]


def from_here(request: Request) -> bool:
    """Say whether a browser states that a page of this very origin sent this; older ones say so by `Origin` alone."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    host = request.headers.get("Host", "")
    return bool(host) and urlsplit(request.headers.get("Origin", "")).netloc == host


async def check_write(request: Request, signed_in: bool = True) -> None:
    """Refuse a write that another site could have caused; raises the problems foreign-request and token-missing."""
    if not from_here(request):
        raise Problem("foreign-request")
    if signed_in and not credential(request):
        raise Problem("token-missing")
    if not signed_in or request.headers.get(OWN_HEADER) == OWN_VALUE:
        return
    given = (await request.form()).get(FORM_TOKEN)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), form_token(request).encode()):
        raise Problem("foreign-request", "The form is out of date; load the page again.")
