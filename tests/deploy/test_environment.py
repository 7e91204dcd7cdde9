"""The variables in the compose file are settings our own processes accept, filled in as an operator would."""

import re
from pathlib import Path

import pytest
import yaml

from api.settings import Settings as ApiSettings
from sandbox.settings import Settings as ShopSettings
from workers.settings import Settings as WorkerSettings
from workers.settings import read_settings

SERVICES = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text())["services"]
FILLED_IN = {
    "HOLDFAST_SHOP_URL": "https://shop.example/orders",
    "HOLDFAST_JWKS_URL": "https://identity.example/keys",
    "HOLDFAST_CORS_ORIGINS": '["https://shop.example"]',
}


def filled_in(service: str) -> dict[str, str]:
    """Interpolate as Compose does, every secret with 64 characters of its own."""

    def value(match: re.Match[str]) -> str:
        return FILLED_IN.get(match[1], match[1].lower().ljust(64, "0"))

    environment = SERVICES[service]["environment"]
    return {name: re.sub(r"\$\{(\w+)[^}]*\}", value, text) for name, text in environment.items()}


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    ours = {f"HOLDFAST_{name.upper()}" for name in {**WorkerSettings.model_fields, **ApiSettings.model_fields}}
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "REDIS_URL", *ours):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("queue", ["conversation", "understanding", "knowledge", "inference"])
def test_a_worker_accepts_its_production_settings(queue: str, clean: pytest.MonkeyPatch) -> None:
    environment = filled_in(f"worker-{queue}")
    for name, value in environment.items():
        clean.setenv(name, value)
    settings = read_settings(environment)
    assert settings.profile == "production"
    assert settings.temporal_address == "temporal:7233"
    assert settings.redis_url.endswith("@redis:6379/0")
    assert settings.otlp_endpoint == "http://otel-collector:4318"
    assert settings.metrics_bind == "0.0.0.0:9464"


def test_the_api_accepts_its_production_settings(clean: pytest.MonkeyPatch) -> None:
    environment = filled_in("api")
    for name, value in environment.items():
        clean.setenv(name, value)
    settings = ApiSettings()
    assert (settings.api_host, settings.api_port, settings.temporal_namespace) == ("0.0.0.0", 8080, "holdfast")
    assert not settings.borrowed


def test_a_process_told_nothing_but_its_profile_does_not_start(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("HOLDFAST_PROFILE", "production")
    with pytest.raises(ValueError, match="shop_token"):
        read_settings({})
    with pytest.raises(ValueError, match="reference_secret"):
        ApiSettings()


def test_the_stand_in_shop_takes_the_token_the_workers_send(clean: pytest.MonkeyPatch) -> None:
    for name, value in filled_in("shop").items():
        clean.setenv(name, value)
    assert ShopSettings().shop_token == filled_in("worker-conversation")["HOLDFAST_SHOP_TOKEN"]
