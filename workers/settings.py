"""Every setting of the workers, the embedded stack and the command line; the API and the shop read their own."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

import policies

PREFIX = "HOLDFAST_"
# Settings of an earlier version; in silence their model would go unasked.
RETIRED = ("HOLDFAST_ROUTER_URL", "HOLDFAST_ROUTER_MODEL", "HOLDFAST_ROUTER_KEY")

_RULES = Path(policies.__file__).parent
# The API and the stand-in shop publish the same values, so that parts started by hand find each other.
DEVELOPMENT_SECRETS = {
    "jwt_secret": "holdfast-development-only-jwt-secret",
    "reference_secret": "holdfast-development-only-reference-secret",
    "shop_token": "dev-shop-token",
    "webhook_secret": "holdfast-development-only-webhook-secret",
    "shop_admin_token": "dev-admin-token",
}


class Settings(BaseSettings):
    """Read from HOLDFAST_* variables and keyword arguments, never from a `.env` file that happens to lie around."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=None,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    profile: Literal["development", "production"] = "development"
    data: Path = Path(".holdfast")

    temporal_port: int = 7233
    temporal_ui_port: int = 8233
    redis_port: int = 6390
    shop_port: int = 8090
    api_port: int = 8080

    temporal_address: str = Field(default_factory=lambda known: f"127.0.0.1:{known['temporal_port']}")
    temporal_namespace: str = "default"
    redis_url: str = Field(
        default_factory=lambda known: f"redis://127.0.0.1:{known['redis_port']}/0",
        validation_alias=AliasChoices("HOLDFAST_REDIS_URL", "REDIS_URL"),
    )
    shop_url: str = Field(default_factory=lambda known: f"http://127.0.0.1:{known['shop_port']}")
    api_url: str = Field(default_factory=lambda known: f"http://127.0.0.1:{known['api_port']}")

    jwt_secret: SecretStr | None = None
    reference_secret: SecretStr | None = None
    shop_token: SecretStr
    shop_admin_token: SecretStr | None = None
    # Seals the secrets of webhook endpoints where they are kept; the API and the conversation workers share it.
    webhook_secret: SecretStr = Field(min_length=32)
    # Whether webhooks may go to private addresses and without TLS.
    webhooks_private: bool = Field(default_factory=lambda known: known["profile"] == "development")

    policy_folder: Path = _RULES / "bundles"
    intent_folder: Path = _RULES / "intents"
    injection_folder: Path = _RULES / "injection"
    shape_folder: Path = _RULES / "shapes"
    document_folder: Path = _RULES / "documents"
    prompt_folder: Path = _RULES / "instructions"
    # Uploads and, without Weaviate, the index; the API reads and writes here, too.
    knowledge: Path = Field(default_factory=lambda known: known["data"] / "knowledge")
    # Pictures customers send; the API's own, and beside the rest of the data in the embedded stack.
    photos: Path = Field(default_factory=lambda known: known["data"] / "photos")
    temporal_ui_url: str = Field(default_factory=lambda known: f"http://127.0.0.1:{known['temporal_ui_port']}")
    weaviate_url: str | None = Field(
        default=None, validation_alias=AliasChoices("HOLDFAST_WEAVIATE_URL", "WEAVIATE_URL")
    )
    weaviate_grpc_port: int = 50051
    weaviate_key: SecretStr | None = None
    encoder_model: str = "packaged"
    # A folder with a cross-encoder of sentence-transformers, which then ranks the clauses of the accurate path.
    cross_encoder: Path | None = None
    # What a first start works out from models and exemplars, for the next ones; deleting it costs half a minute.
    model_cache: Path = Field(default_factory=lambda known: known["data"] / "models")
    # A YAML file with the deployments of language models; without it no model is ever asked.
    fleet: Path | None = None
    max_cached_workflows: int = Field(default=1000, ge=1)
    graceful_shutdown_s: float = Field(default=5, ge=0)

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otlp_endpoint: str | None = Field(
        default=None, validation_alias=AliasChoices("HOLDFAST_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    )
    metrics_bind: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _lend_development_secrets(cls, given: dict[str, Any]) -> dict[str, Any]:
        return given if given.get("profile") == "production" else {**DEVELOPMENT_SECRETS, **given}

    @model_validator(mode="after")
    def _refuse_development_secrets_in_production(self) -> Self:
        borrowed = [name for name, value in DEVELOPMENT_SECRETS.items() if _reveal(getattr(self, name)) == value]
        if self.profile == "production" and borrowed:
            variables = ", ".join(PREFIX + name.upper() for name in borrowed)
            raise ValueError(f"profile production refuses published development secrets: choose your own {variables}")
        return self

    def was_given(self, name: str) -> bool:
        """Say whether somebody set this field: an address given to us is a service we do not start ourselves."""
        return name in self.model_fields_set

    def as_environment(self) -> dict[str, str]:
        """Spell every setting as the HOLDFAST_* variables a child process reads."""
        values = {name: _reveal(getattr(self, name)) for name in type(self).model_fields}
        return {PREFIX + name.upper(): str(value) for name, value in values.items() if value is not None}


def _reveal(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def read_settings(environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
    """Read the settings; raise ValueError for a wrong value or a HOLDFAST_* variable that is nearly one of ours."""
    found = os.environ if environment is None else environment
    _refuse_retired(found)
    _refuse_misspelt(found)
    return Settings(**given)


def _refuse_retired(environment: Mapping[str, str]) -> None:
    if left := [name for name in RETIRED if environment.get(name)]:
        raise ValueError(
            f"{', '.join(left)}: no longer a setting; describe the model in a fleet file and name it in HOLDFAST_FLEET "
            "(deploy/fleet.yaml is an example)"
        )


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    """The API has HOLDFAST_* settings of its own, so only names that resemble ours can be called mistakes."""
    ours = [PREFIX + name.upper() for name in Settings.model_fields]
    for name in environment:
        if name.startswith(PREFIX) and name not in ours and (near := get_close_matches(name, ours, cutoff=0.93)):
            raise ValueError(f"{name} is not a setting; did you mean {near[0]}?")
