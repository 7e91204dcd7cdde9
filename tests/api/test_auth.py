"""Tokens: who gets in, who does not, and that each refusal says why."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from pydantic import ValidationError

from api.auth import Gate
from api.problems import Problem
from api.settings import Profile, Settings
from tests.api.fakes.site import Site, slug, token

PAST = datetime.now(UTC) - timedelta(seconds=5)
WRONG_KEY = "another-secret-that-is-long-enough-000"
CLAIMS = {"tenant": "acme", "sub": "ann", "role": "agent", "aud": "holdfast", "exp": 4_000_000_000}

BAD_TOKENS = {
    "none": (None, "token-missing"),
    "expired": (token(exp=PAST), "token-expired"),
    "garbage": ("garbage", "token-invalid"),
    "other key": (jwt.encode(CLAIMS, WRONG_KEY, algorithm="HS256"), "token-invalid"),
    "unsigned": (jwt.encode(CLAIMS, None, algorithm="none"), "token-invalid"),
    "other audience": (token(aud="shop"), "token-invalid"),
    "without audience": (token(aud=None), "token-invalid"),
    "without expiry": (token(exp=None), "token-invalid"),
    "without tenant": (token(tenant=None), "token-invalid"),
    "without subject": (token(sub=None), "token-invalid"),
    "without role": (token(role=None), "token-invalid"),
    "unknown role": (token(role="admin"), "token-invalid"),
    "tenant with a slash": (token(tenant="acme/x"), "token-invalid"),
    "tenant with a quote": (token(tenant="a' OR '1'='1"), "token-invalid"),
    "subject with a newline": (token(sub="ann\n"), "token-invalid"),
    "not valid yet": (token(nbf=4_000_000_000), "token-invalid"),
}


@pytest.mark.parametrize(("shown", "problem"), BAD_TOKENS.values(), ids=BAD_TOKENS)
async def test_a_bad_token_is_turned_away_with_a_challenge(site: Site, shown: str | None, problem: str) -> None:
    headers = {"Authorization": f"Bearer {shown}"} if shown else {}
    answer = await site.http.get("/v1/approvals", headers=headers)
    assert (answer.status_code, slug(answer)) == (401, problem)
    assert answer.headers["www-authenticate"].startswith('Bearer realm="holdfast"')


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def jwks_url(key: RSAPrivateKey) -> Iterator[str]:
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "k1", "use": "sig"}

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": [public]}).encode())

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/jwks"
    server.shutdown()
    server.server_close()


def production(jwks_url: str, **more: str) -> Settings:
    return Settings(
        profile=Profile.PRODUCTION,
        jwks_url=jwks_url,
        reference_secret="r" * 32,
        shop_token="s" * 16,
        webhook_secret="w" * 32,
        **more,
    )


async def test_production_admits_tokens_signed_by_a_published_key(key: RSAPrivateKey, jwks_url: str) -> None:
    signed = jwt.encode(CLAIMS, key, algorithm="RS256", headers={"kid": "k1"})
    visitor = await Gate(production(jwks_url)).admit(signed)
    assert (visitor.tenant, visitor.subject, visitor.role) == ("acme", "ann", "agent")


async def test_production_refuses_unknown_keys_shared_secrets_and_other_issuers(
    key: RSAPrivateKey, jwks_url: str
) -> None:
    published = jwt.encode(CLAIMS, key, algorithm="RS256", headers={"kid": "k1"})
    unknown = jwt.encode(CLAIMS, key, algorithm="RS256", headers={"kid": "k2"})
    shared = jwt.encode(CLAIMS, WRONG_KEY, algorithm="HS256", headers={"kid": "k1"})
    for gate, shown in [
        (Gate(production(jwks_url)), unknown),
        (Gate(production(jwks_url)), shared),
        (Gate(production(jwks_url, jwt_issuer="https://id.example")), published),
    ]:
        with pytest.raises(Problem) as refused:
            await gate.admit(shown)
        assert refused.value.slug == "token-invalid"


async def test_unreachable_keys_are_our_outage_not_the_visitors_fault(key: RSAPrivateKey) -> None:
    signed = jwt.encode(CLAIMS, key, algorithm="RS256", headers={"kid": "k1"})
    with pytest.raises(Problem) as away:
        await Gate(production("http://127.0.0.1:1/jwks")).admit(signed)
    assert (away.value.slug, away.value.status_code) == ("keys-unavailable", 503)


SECRETS = {"shop_token": "t" * 32, "webhook_secret": "w" * 32}
UNSAFE = {
    "nothing set": {},
    "shared secret in production": {
        "jwks_url": "https://id/jwks",
        "reference_secret": "r" * 32,
        "shop_token": "t" * 32,
        "webhook_secret": "w" * 32,
        "jwt_secret": "s" * 32,
    },
    "keys over plain http": {
        "jwks_url": "http://id/jwks",
        "reference_secret": "r" * 32,
        "shop_token": "t" * 32,
        "webhook_secret": "w" * 32,
    },
    "published reference secret": {
        "jwks_url": "https://id/jwks",
        "reference_secret": "holdfast-development-only-reference-secret",
        "shop_token": "t" * 32,
        "webhook_secret": "w" * 32,
    },
    "published shop token": {
        "jwks_url": "https://id/jwks",
        "reference_secret": "r" * 32,
        "shop_token": "dev-shop-token",
        "webhook_secret": "w" * 32,
    },
    "short reference secret": {
        "jwks_url": "https://id/jwks",
        "reference_secret": "short",
        "shop_token": "t" * 32,
        "webhook_secret": "w" * 32,
    },
}


@pytest.mark.parametrize("given", UNSAFE.values(), ids=UNSAFE)
def test_the_api_refuses_to_start_outside_development_with(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**given)


def test_a_start_without_settings_ends_with_a_sentence_that_names_what_is_missing() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
    root = Path(__file__).parents[2]
    start = [sys.executable, "-m", "api"]
    ended = subprocess.run(start, env=environment, cwd=root, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert "HOLDFAST_" in ended.stderr
    assert "reference_secret" in ended.stderr


def test_development_defaults_are_announced_by_name() -> None:
    everything = ("jwt_secret", "reference_secret", "shop_token", "webhook_secret")
    assert Settings(profile=Profile.DEVELOPMENT).borrowed == everything
    assert Settings(profile=Profile.DEVELOPMENT, jwt_secret="s" * 32).borrowed == everything[1:]
