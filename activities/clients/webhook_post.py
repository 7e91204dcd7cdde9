"""Sending webhooks: signed, to the very address that was judged, and nowhere else."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from socket import SOCK_STREAM, gaierror
from typing import Self

import httpx
from standardwebhooks import Webhook

from activities.clients.posture import patience
from policies.webhooks import Answered, Failure, public, url_fault

SECONDS = 15.0
CONNECT_SECONDS = 5.0
# More addresses of one name than this are not tried.
MOST_ADDRESSES = 3

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class WebhookPost:
    """Implement the Courier port. `resolve` and `tls` are the seams for tests; `allow_private` is for development."""

    def __init__(
        self,
        allow_private: bool = False,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._allow_private = allow_private
        self._resolve = resolve or addresses_of
        self._seconds = seconds
        self._http = httpx.AsyncClient(
            verify=tls or httpx.create_ssl_context(),
            timeout=httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
            # A kept connection is known by its IP address alone: it would be reused for another name on that address.
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, url: str, message_id: str, payload: str, secrets: tuple[str, ...]) -> Answered:
        """Send once, within fifteen seconds for everything; the body of an answer is not read."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                answered = await self._post(url, _headers(message_id, payload, secrets), payload)
        except TimeoutError:
            answered = Answered(error="timeout")
        return answered.model_copy(update={"took_ms": round((time.monotonic() - begun) * 1000)})

    async def _post(self, address: str, headers: dict[str, str], payload: str) -> Answered:
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            return Answered(error="bad_url")
        if url_fault(url.scheme, url.host, bool(url.userinfo), allow_private=self._allow_private):
            return Answered(error="refused_address")
        # As IDNA writes it, which is also what the certificate names.
        host = url.raw_host.decode("ascii")
        try:
            found = await self._resolve(host, url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError):
            found = ()
        if not found:
            return Answered(error="unresolved")
        # A name with both kinds of addresses is refused as a whole: no honest receiver has one.
        if not self._allow_private and not all(map(public, found)):
            return Answered(error="refused_address")
        answered = Answered(error="unreachable")
        for ip in found[:MOST_ADDRESSES]:
            answered = await self._send(url, host, ip, headers, payload)
            if answered.error != "unreachable":
                break
        return answered

    async def _send(self, url: httpx.URL, host: str, ip: str, headers: dict[str, str], payload: str) -> Answered:
        """Connect to the address that was judged; a second look at the name could find another one."""
        request = self._http.build_request(
            "POST",
            url.copy_with(host=ip),
            headers={**headers, "Host": url.netloc.decode("ascii")},
            content=payload,
            # The certificate is checked against this name.
            extensions={"sni_hostname": host},
        )
        try:
            answer = await self._http.send(request, stream=True)
        except httpx.HTTPError as error:
            return Answered(error=_failure(error))
        await answer.aclose()
        asked = patience(answer.headers.get("Retry-After", ""), datetime.now(UTC))
        return Answered(status=answer.status_code, retry_after=asked.total_seconds() if asked else None)


async def addresses_of(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver; it also reads the short, octal and hexadecimal ways to write an address."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    except gaierror:
        return ()
    return [str(ip_address(str(address[0]))) for *_, address in found]


def _headers(message_id: str, payload: str, secrets: tuple[str, ...]) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Holdfast-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, now, payload) for secret in secrets),
    }


def _failure(error: httpx.HTTPError) -> Failure:
    if isinstance(error, httpx.ConnectTimeout):
        return "unreachable"
    if isinstance(error, httpx.TimeoutException):
        return "timeout"
    if isinstance(error, httpx.ConnectError):
        return "tls" if _holds_tls(error) else "unreachable"
    return "broken"


def _holds_tls(error: BaseException) -> bool:
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, ssl.SSLError):
            return True
        link = link.__cause__ or link.__context__
    return False
