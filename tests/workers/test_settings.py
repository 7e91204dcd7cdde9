"""What settings accept, derive and refuse."""

from pathlib import Path

import pytest

from workers.settings import DEVELOPMENT_SECRETS, Settings, read_settings

OWN_SECRETS = {name: f"our-own-{name}-0123456789abcdef" for name in DEVELOPMENT_SECRETS}


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "REDIS_URL",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        *(f"HOLDFAST_{each.upper()}" for each in Settings.model_fields),
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("port", "address", "expected"),
    [
        ("temporal_port", "temporal_address", "127.0.0.1:4711"),
        ("redis_port", "redis_url", "redis://127.0.0.1:4711/0"),
        ("shop_port", "shop_url", "http://127.0.0.1:4711"),
        ("api_port", "api_url", "http://127.0.0.1:4711"),
    ],
)
def test_an_address_follows_its_port_unless_it_is_given(port: str, address: str, expected: str) -> None:
    assert getattr(read_settings(**{port: 4711}), address) == expected
    assert getattr(read_settings(**{port: 4711, address: "elsewhere:1"}), address) == "elsewhere:1"


@pytest.mark.parametrize("name", ["REDIS_URL", "HOLDFAST_REDIS_URL"])
def test_a_redis_named_in_the_environment_counts_as_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not read_settings().was_given("redis_url")
    monkeypatch.setenv(name, "redis://elsewhere:1/0")
    assert read_settings().redis_url == "redis://elsewhere:1/0"
    assert read_settings().was_given("redis_url")


def test_a_child_process_reads_back_exactly_the_settings_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    parent = read_settings(shop_port=4711, log_level="warning", otlp_endpoint="http://collector:4318")
    for name, value in parent.as_environment().items():
        monkeypatch.setenv(name, value)
    assert read_settings() == parent


def test_a_dotenv_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("HOLDFAST_SHOP_PORT=4711\n")
    monkeypatch.chdir(tmp_path)
    assert read_settings().shop_port == 8090


@pytest.mark.parametrize("borrowed", sorted(DEVELOPMENT_SECRETS))
def test_production_refuses_a_published_secret_and_names_the_variable(borrowed: str) -> None:
    with pytest.raises(ValueError, match=f"HOLDFAST_{borrowed.upper()}"):
        read_settings(**{"profile": "production", **OWN_SECRETS, borrowed: DEVELOPMENT_SECRETS[borrowed]})


def test_production_runs_on_secrets_of_its_own() -> None:
    settings = read_settings(profile="production", **OWN_SECRETS)
    assert settings.shop_token.get_secret_value() == OWN_SECRETS["shop_token"]


def test_no_secret_shows_in_a_refusal_or_in_print(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="shop_port") as refusal:
        read_settings(**{**OWN_SECRETS, "shop_port": "not a port"})
    assert OWN_SECRETS["shop_token"] not in f"{refusal.value}{read_settings(**OWN_SECRETS)!r}"


@pytest.mark.parametrize(
    ("written", "meant"), [("HOLDFAST_REDSI_URL", "HOLDFAST_REDIS_URL"), ("HOLDFAST_SHOP_TOKN", "HOLDFAST_SHOP_TOKEN")]
)
def test_a_misspelt_variable_is_refused_with_the_right_spelling(written: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean {meant}"):
        read_settings({written: "x"})


def test_settings_of_the_api_are_not_taken_for_mistakes() -> None:
    from api.settings import Settings as ApiSettings

    read_settings({f"HOLDFAST_{name.upper()}": "x" for name in ApiSettings.model_fields})


@pytest.mark.parametrize("name", ["HOLDFAST_ROUTER_URL", "HOLDFAST_ROUTER_MODEL", "HOLDFAST_ROUTER_KEY"])
def test_a_setting_of_before_there_were_fleets_says_where_its_model_goes_now(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: no longer a setting.*HOLDFAST_FLEET") as refusal:
        read_settings({name: "sk-proj-1234"})
    assert "sk-proj-1234" not in str(refusal.value)


def test_an_empty_variable_of_before_there_were_fleets_is_nobodys_model() -> None:
    assert read_settings({"HOLDFAST_ROUTER_URL": ""}).fleet is None


def test_a_fleet_is_a_file_and_none_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().fleet is None
    monkeypatch.setenv("HOLDFAST_FLEET", "deploy/fleet.yaml")
    assert read_settings().fleet == Path("deploy/fleet.yaml")
    assert read_settings().as_environment()["HOLDFAST_FLEET"] == "deploy/fleet.yaml"
