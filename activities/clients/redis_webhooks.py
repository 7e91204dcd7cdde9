"""Webhook endpoints in Redis: one hash a tenant, one field an endpoint, its secrets sealed."""

import base64
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from redis.asyncio import Redis
from redis.exceptions import RedisError

from activities.clients.redis_log import connect
from activities.errors import Unavailable
from activities.webhook_ports import MOST_ENDPOINTS, Endpoint, EndpointChange, Issued
from policies.frozen import Fact
from policies.webhooks import SECRET_OVERLAP, Told

SECRET_BYTES = 32
# A receiver changes over to one secret at a time: with rotations in a row, the newest three are enough.
MOST_SECRETS = 3


class SealedSecret(Fact):
    sealed: str
    until: datetime | None = None


class Kept(Fact):
    """An endpoint as it lies in Redis, its newest secret first, made by the act `act_id`."""

    endpoint: Endpoint
    secrets: tuple[SealedSecret, ...]
    act_id: str = ""


Change = Callable[[Kept], Kept]


class RedisWebhooks:
    """Implement the WebhookEndpoints port; who reads Redis reads no secret without `key`."""

    def __init__(self, redis: Redis, key: str) -> None:
        self._redis = redis
        derived = HKDF(SHA256(), length=32, salt=None, info=b"holdfast webhook secrets").derive(key.encode())
        self._seal = Fernet(base64.urlsafe_b64encode(derived))

    @classmethod
    def at(cls, url: str, key: str) -> Self:
        """Connect without the client's own retries; API and workers need the same `key`."""
        return cls(connect(url), key)

    async def listed(self, tenant: str) -> tuple[Endpoint, ...]:
        with _away():
            held: Any = await self._redis.hvals(_name(tenant))
        endpoints = (Kept.model_validate_json(each).endpoint for each in held)
        return tuple(sorted(endpoints, key=lambda endpoint: (endpoint.created_at, endpoint.id)))

    async def find(self, tenant: str, endpoint_id: str) -> Endpoint | None:
        kept = await self._read(tenant, endpoint_id)
        return kept.endpoint if kept else None

    async def secrets(self, tenant: str, endpoint_id: str, now: datetime) -> tuple[str, ...]:
        kept = await self._read(tenant, endpoint_id)
        valid = [each for each in kept.secrets if each.until is None or each.until > now] if kept else []
        return tuple(secret for each in valid if (secret := self._unsealed(each)))

    async def add(
        self, tenant: str, url: str, events: tuple[Told, ...], description: str, now: datetime, endpoint_id: str = ""
    ) -> Issued | None:
        endpoint_id = endpoint_id or f"we_{secrets.token_hex(8)}"
        endpoint = Endpoint(id=endpoint_id, url=url, events=events, description=description, created_at=now)
        secret = _new_secret()
        kept = Kept(endpoint=endpoint, secrets=(self._sealed(secret),))

        async def insert(pipe: Any) -> Kept | None:
            held = await pipe.hget(_name(tenant), endpoint_id)
            full = await pipe.hlen(_name(tenant)) >= MOST_ENDPOINTS
            pipe.multi()
            if held:
                return Kept.model_validate_json(held)
            if not full:
                pipe.hset(_name(tenant), endpoint_id, kept.model_dump_json())
            return None if full else kept

        stands: Kept | None = await self._alone(tenant, insert)
        if stands is None:
            return None
        return Issued(endpoint=stands.endpoint, secret=secret if stands is kept else "")

    async def change(self, tenant: str, endpoint_id: str, change: EndpointChange) -> Endpoint | None:
        new = change.model_dump(exclude_none=True, exclude={"disabled_by"})
        if change.disabled is not None:
            new["disabled_by"] = change.disabled_by if change.disabled else ""
        kept = await self._update(
            tenant, endpoint_id, lambda old: old.model_copy(update={"endpoint": old.endpoint.model_copy(update=new)})
        )
        return kept.endpoint if kept else None

    async def rotate(self, tenant: str, endpoint_id: str, now: datetime, act_id: str = "") -> Issued | None:
        secret, until = _new_secret(), now + SECRET_OVERLAP
        sealed = self._sealed(secret)

        def renew(old: Kept) -> Kept:
            if act_id and old.act_id == act_id:
                return old
            ending = [each.model_copy(update={"until": each.until or until}) for each in old.secrets]
            valid = [each for each in ending if each.until and each.until > now]
            return old.model_copy(update={"secrets": (sealed, *valid)[:MOST_SECRETS], "act_id": act_id})

        kept = await self._update(tenant, endpoint_id, renew)
        if kept is None:
            return None
        made = kept.secrets[0] == sealed
        return Issued(endpoint=kept.endpoint, secret=secret if made else "", old_until=until if made else None)

    async def remove(self, tenant: str, endpoint_id: str) -> bool:
        with _away():
            removed: Any = await self._redis.hdel(_name(tenant), endpoint_id)
        return bool(removed)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _read(self, tenant: str, endpoint_id: str) -> Kept | None:
        with _away():
            held: Any = await self._redis.hget(_name(tenant), endpoint_id)
        return Kept.model_validate_json(held) if held else None

    async def _update(self, tenant: str, endpoint_id: str, change: Change) -> Kept | None:
        """Change an endpoint as it is at this moment: a removed one is not brought back."""

        async def apply(pipe: Any) -> Kept | None:
            held = await pipe.hget(_name(tenant), endpoint_id)
            kept = change(Kept.model_validate_json(held)) if held else None
            pipe.multi()
            if kept:
                pipe.hset(_name(tenant), endpoint_id, kept.model_dump_json())
            return kept

        changed: Kept | None = await self._alone(tenant, apply)
        return changed

    async def _alone(self, tenant: str, work: Callable[[Any], Any]) -> Any:
        """Read and write a tenant's endpoints with nobody in between; done again where somebody was."""
        with _away():
            return await self._redis.transaction(work, _name(tenant), value_from_callable=True)

    def _sealed(self, secret: str) -> SealedSecret:
        return SealedSecret(sealed=self._seal.encrypt(secret.encode()).decode())

    def _unsealed(self, kept: SealedSecret) -> str:
        """Open a secret; empty when it was sealed with another key."""
        try:
            return self._seal.decrypt(kept.sealed.encode()).decode()
        except InvalidToken:
            return ""


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _name(tenant: str) -> str:
    return f"holdfast:webhooks:{tenant}"


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable(f"the store of webhooks is away: {type(error).__name__}") from None
