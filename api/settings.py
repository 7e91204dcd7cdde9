"""Settings of the API, read from HOLDFAST_* variables; production refuses anything borrowed from development."""

from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

import policies


class Profile(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


DEVELOPMENT_DEFAULTS = {
    "jwt_secret": "holdfast-development-only-jwt-secret",
    "reference_secret": "holdfast-development-only-reference-secret",
    "shop_token": "dev-shop-token",
    "webhook_secret": "holdfast-development-only-webhook-secret",
}


class Settings(BaseSettings):
    """Everything the API needs to know; built once in `main` or in a test, and passed in.

    `profile` is production unless said otherwise, so that a forgotten variable never opens a door.
    `reference_secret` keys the customer hashes in search attributes: changing it orphans older conversations.
    """

    model_config = SettingsConfigDict(
        env_prefix="HOLDFAST_", env_ignore_empty=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    profile: Profile = Profile.PRODUCTION
    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8080, ge=0, le=65535)
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    redis_url: str = "redis://127.0.0.1:6379/0"
    # Shared with the knowledge workers: uploads wait here, and without Weaviate the index lies here.
    knowledge: Path = Path(".holdfast/knowledge")
    weaviate_url: str | None = Field(
        default=None, validation_alias=AliasChoices("HOLDFAST_WEAVIATE_URL", "WEAVIATE_URL")
    )
    weaviate_grpc_port: int = 50051
    weaviate_key: SecretStr | None = None
    intent_folder: Path = Path(policies.__file__).parent / "intents"
    canned_folder: Path = Path(policies.__file__).parent / "canned"
    # Pictures customers send; every API process reads and writes the same folder.
    photos: Path = Path(".holdfast/photos")
    shop_url: str = "http://127.0.0.1:8090"
    shop_token: SecretStr
    # Where people's consoles link to a conversation's history.
    temporal_ui_url: str = "http://127.0.0.1:8233"
    # Whether webhooks may go to private addresses and without TLS: never where strangers name the address.
    webhooks_private: bool = Field(default_factory=lambda known: known["profile"] is Profile.DEVELOPMENT)
    # Seals the secrets of webhook endpoints where they are kept; the conversation workers share it.
    webhook_secret: SecretStr = Field(min_length=32)
    jwt_secret: SecretStr | None = Field(default=None, min_length=32)
    jwks_url: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = "holdfast"
    reference_secret: SecretStr = Field(min_length=32)
    rate_customer: str = "120/minute"
    rate_tenant: str = "6000/minute"
    answer_wait_seconds: float = Field(default=55, gt=0, le=300)
    read_wait_seconds: float = Field(default=10, gt=0, le=60)
    cors_origins: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _lend_development_defaults(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {**DEVELOPMENT_DEFAULTS, **given} if given.get("profile") == Profile.DEVELOPMENT else given

    @model_validator(mode="after")
    def _refuse_an_open_door(self) -> Self:
        if self.profile is Profile.DEVELOPMENT:
            return self
        if self.jwt_secret is not None:
            raise ValueError("HOLDFAST_JWT_SECRET is for HOLDFAST_PROFILE=development only; set HOLDFAST_JWKS_URL")
        # A sidecar on the loopback is as private as TLS.
        if not self.jwks_url.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("HOLDFAST_JWKS_URL must be an https address outside the development profile")
        for name in ("reference_secret", "shop_token", "webhook_secret"):
            if self._reveal(name) in DEVELOPMENT_DEFAULTS.values():
                raise ValueError(f"HOLDFAST_{name.upper()} is the published development value; choose your own")
        return self

    @property
    def borrowed(self) -> tuple[str, ...]:
        """Names of settings that hold a published development value."""
        return tuple(name for name, value in DEVELOPMENT_DEFAULTS.items() if self._reveal(name) == value)

    def _reveal(self, name: str) -> str | None:
        secret = getattr(self, name)
        return secret.get_secret_value() if isinstance(secret, SecretStr) else None
