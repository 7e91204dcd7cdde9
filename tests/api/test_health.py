"""Health, readiness, and what visitors hear while Temporal is away."""

from api.settings import Settings
from tests.api.conftest import OwnRedis
from tests.api.fakes.site import Site, serving, slug


async def test_a_ready_service_says_so(site: Site) -> None:
    assert (await site.http.get("/healthz")).json() == {"status": "alive"}
    assert (await site.http.get("/readyz")).json() == {"temporal": "reachable", "redis": "reachable"}


async def test_readiness_names_a_missing_redis(site: Site, own_redis: OwnRedis) -> None:
    own_redis.stop()
    try:
        answer = await site.http.get("/readyz")
    finally:
        own_redis.start()
    assert (answer.status_code, slug(answer)) == (503, "not-ready")
    assert answer.json()["checks"] == {"temporal": "reachable", "redis": "unreachable"}


async def test_without_temporal_the_api_starts_lives_and_asks_for_patience(settings: Settings, talk: str) -> None:
    async with serving(settings.model_copy(update={"temporal_address": "127.0.0.1:1"})) as site:
        assert (await site.http.get("/healthz")).status_code == 200
        assert (await site.http.get("/readyz")).json()["checks"]["temporal"] == "unreachable"
        for answer in (
            await site.say(talk, "hello"),
            await site.get(f"/v1/conversations/{talk}"),
            await site.get(f"/v1/conversations/{talk}/events"),
            await site.get("/v1/approvals", role="agent"),
            await site.get("/v1/me/export"),
        ):
            assert (answer.status_code, slug(answer)) == (503, "temporal-unavailable")
            assert int(answer.headers["retry-after"]) > 0
