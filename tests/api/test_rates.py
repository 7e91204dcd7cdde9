"""Rate limits: counted together in Redis, told in headers, never in the way when Redis is down."""

import asyncio
from uuid import uuid4

from structlog.testing import capture_logs

from api.settings import Settings
from tests.api.conftest import OwnRedis
from tests.api.fakes.site import serving, slug


def narrow(settings: Settings, customer: str, tenant: str) -> Settings:
    return settings.model_copy(update={"rate_customer": customer, "rate_tenant": tenant})


async def test_one_customer_is_limited_across_processes_another_is_not(settings: Settings, worker: None) -> None:
    tenant = f"t-{uuid4().hex[:8]}"
    limited = narrow(settings, "3/hour", "100/hour")
    async with serving(limited) as one, serving(limited) as other:
        spent = [await site.get("/v1/conversations/x", tenant=tenant) for site in (one, other, one)]
        assert [answer.status_code for answer in spent] == [404, 404, 404]
        refused = await other.get("/v1/conversations/x", tenant=tenant)
        assert (refused.status_code, slug(refused)) == (429, "rate-limited")
        assert refused.headers["ratelimit-policy"] == '"customer";q=3;w=3600'
        assert refused.headers["ratelimit"].startswith('"customer";r=0;t=')
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert (await other.get("/v1/conversations/x", tenant=tenant, sub="bob")).status_code == 404


async def test_a_tenant_is_limited_as_a_whole(settings: Settings, worker: None) -> None:
    tenant = f"t-{uuid4().hex[:8]}"
    async with serving(narrow(settings, "100/hour", "2/hour")) as site:
        answers = [await site.get("/v1/conversations/x", tenant=tenant, sub=f"u{n}") for n in range(3)]
        assert [answer.status_code for answer in answers] == [404, 404, 429]
        assert answers[2].headers["ratelimit-policy"].startswith('"tenant"')
        assert (await site.get("/v1/conversations/x", tenant=f"{tenant}-2")).status_code == 404


async def test_an_answer_tells_what_is_left(settings: Settings, worker: None) -> None:
    async with serving(narrow(settings, "5/hour", "100/hour")) as site:
        answer = await site.say(f"c-{uuid4().hex}", "hello", tenant=f"t-{uuid4().hex[:8]}")
        assert answer.headers["ratelimit"].startswith('"customer";r=4;t=')
        assert "retry-after" not in answer.headers


async def test_without_redis_requests_pass_with_a_warning(
    settings: Settings, worker: None, own_redis: OwnRedis
) -> None:
    own_redis.stop()
    try:
        async with serving(narrow(settings, "1/hour", "1/hour")) as site:
            with capture_logs() as lines:
                answers = await asyncio.gather(*(site.get("/v1/conversations/x") for _ in range(3)))
    finally:
        own_redis.start()
    assert [answer.status_code for answer in answers] == [404] * 3
    assert [line["log_level"] for line in lines if line["event"] == "rates.unavailable"] == ["warning"] * 3
