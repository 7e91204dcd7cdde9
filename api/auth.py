"""Who is calling: bearer tokens become visitors. Tenant and subject come from here, never from an address."""

import asyncio
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import jwt
from pydantic import ConfigDict, Field, ValidationError

from api.problems import Problem
from api.settings import Profile, Settings
from policies.frozen import Fact

# No quote, slash or colon: tenants and subjects appear in workflow ids, stream names and visibility queries.
TENANT = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"
SUBJECT = r"^[A-Za-z0-9][A-Za-z0-9_.@|-]{0,127}$"


class Role(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    OPS = "ops"


class Visitor(Fact):
    """The bearer of a valid token."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    tenant: str = Field(pattern=TENANT)
    subject: str = Field(pattern=SUBJECT, alias="sub")
    role: Role
    name: str = Field(default="", max_length=100)
    expires_at: datetime = Field(alias="exp")

    @property
    def shown(self) -> str:
        """Name a person as others see them."""
        return self.name or self.subject

    def may_read(self, customer_id: str) -> bool:
        """Say whether conversations of this customer (of the visitor's own tenant) are open to the visitor."""
        return self.role is not Role.CUSTOMER or customer_id == self.subject

    def expired(self) -> bool:
        return datetime.now(UTC) >= self.expires_at


class Gate:
    """Checks tokens: HS256 with a secret in development, keys from a JWKS address everywhere else."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.jwt_issuer or None
        self._audience = settings.jwt_audience
        self._secret = settings.jwt_secret if settings.profile is Profile.DEVELOPMENT else None
        self._keys = jwt.PyJWKClient(settings.jwks_url, timeout=5) if self._secret is None else None

    async def admit(self, token: str | None) -> Visitor:
        """Read a token. Raises the problems token-missing, token-expired, token-invalid, keys-unavailable."""
        if not token:
            raise _refused("token-missing")
        try:
            return Visitor.model_validate(await self._claims(token))
        except jwt.ExpiredSignatureError:
            raise _refused("token-expired") from None
        except jwt.PyJWKClientConnectionError:
            raise Problem("keys-unavailable") from None
        except (jwt.PyJWTError, ValidationError):
            raise _refused("token-invalid") from None

    async def _claims(self, token: str) -> dict[str, Any]:
        if self._keys is None:
            assert self._secret is not None
            return self._decode(token, self._secret.get_secret_value(), ["HS256"])
        # PyJWKClient fetches with blocking calls; it caches for five minutes and cools down on unknown key ids.
        key = await asyncio.to_thread(self._keys.get_signing_key_from_jwt, token)
        return self._decode(token, key, ["RS256", "ES256"])

    def _decode(self, token: str, key: str | jwt.PyJWK, algorithms: list[str]) -> dict[str, Any]:
        required = ["exp", "sub", "aud", "tenant", "role"]
        return jwt.decode(
            token, key, algorithms, audience=self._audience, issuer=self._issuer, options={"require": required}
        )


def _refused(slug: str) -> Problem:
    known = "" if slug == "token-missing" else ', error="invalid_token"'
    return Problem(slug, headers={"WWW-Authenticate": f'Bearer realm="holdfast"{known}'})
