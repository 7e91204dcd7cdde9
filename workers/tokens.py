"""Development tokens: what `holdfast token`, `holdfast chat` and the demo show to the API."""

from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

import jwt

from workers.settings import Settings

AUDIENCE = "holdfast"
Role = Literal["customer", "agent", "supervisor", "ops"]
ROLES: tuple[str, ...] = get_args(Role)


def mint(settings: Settings, tenant: str, subject: str, role: Role, lasts: timedelta = timedelta(hours=12)) -> str:
    """Sign a token with the development secret; raise ValueError where tokens come from an identity provider."""
    if settings.profile != "development" or settings.jwt_secret is None:
        raise ValueError("tokens are minted here in profile development only; ask your identity provider for one")
    now = datetime.now(UTC)
    claims = {"aud": AUDIENCE, "tenant": tenant, "sub": subject, "role": role, "iat": now, "exp": now + lasts}
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm="HS256")
