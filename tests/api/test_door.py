"""Bad input at the door: each line a clear problem, nothing carried further."""

import json
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from api.settings import Settings
from tests.api.fakes.site import Site, bearer, serving, slug


def message(text: object = "hello", **fields: object) -> bytes:
    return json.dumps({"message_id": "m1", "text": text, **fields}).encode()


BAD_BODIES = {
    "blank": (message(""), 422, "message-blank"),
    "spaces": (message(" \n\t "), 422, "message-blank"),
    "invisible letters": (message("\u200b\u2060\ufeff"), 422, "message-blank"),
    "4,001 letters": (message("x" * 4001), 413, "message-too-long"),
    "100 kB": (message("x" * 100_000), 413, "body-too-large"),
    "NUL": (message("he\0llo"), 422, "message-binary"),
    "escape sequence": (message("\x1b[31mred"), 422, "message-binary"),
    "invalid UTF-8": (b'{"message_id":"m1","text":"\xff\xfe"}', 400, "body-unreadable"),
    "binary": (bytes(range(256)), 400, "body-unreadable"),
    "lone surrogate": (b'{"message_id":"m1","text":"x\\ud800"}', 422, "message-binary"),
    "no JSON": (b"hello", 400, "body-unreadable"),
    "cut JSON": (b'{"message_id":"m1"', 400, "body-unreadable"),
    "deep JSON": (b"[" * 30_000, 400, "body-unreadable"),
    "empty": (b"", 422, "request-invalid"),
    "a list": (b"[]", 422, "request-invalid"),
    "unknown field": (message(tenant="other"), 422, "request-invalid"),
    "no text": (b'{"message_id":"m1"}', 422, "request-invalid"),
    "text is null": (message(None), 422, "request-invalid"),
    "text is a number": (message(7), 422, "request-invalid"),
    "no message id": (b'{"text":"hello"}', 422, "request-invalid"),
    "odd message id": (message(message_id="a b"), 422, "request-invalid"),
    "message id with newline": (message(message_id="a\n"), 422, "request-invalid"),
    "long message id": (message(message_id="m" * 65), 422, "request-invalid"),
}


@pytest.mark.parametrize(("body", "status", "problem"), BAD_BODIES.values(), ids=BAD_BODIES)
async def test_a_bad_message_is_refused_and_starts_nothing(
    site: Site, talk: str, body: bytes, status: int, problem: str
) -> None:
    headers = {**bearer(), "Content-Type": "application/json"}
    answer = await site.http.post(f"/v1/conversations/{talk}/messages", content=body, headers=headers)
    assert (answer.status_code, slug(answer)) == (status, problem)
    assert (await site.get(f"/v1/conversations/{talk}")).status_code == 404


async def test_text_up_to_the_limit_is_carried(site: Site, talk: str) -> None:
    text = "ü" * 3999 + "\n"
    answer = await site.say(talk, text)
    assert answer.json()["text"] == f"You said {text}"


async def test_a_chunked_body_is_counted_not_believed(site: Site, talk: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1024

    answer = await site.http.post(f"/v1/conversations/{talk}/messages", content=endless(), headers=bearer())
    assert (answer.status_code, slug(answer)) == (413, "body-too-large")


@pytest.mark.parametrize("bad", ["a%20b", "a%0A", "x" * 65, "a%27%20OR%201=1", "%00"])
async def test_a_conversation_id_outside_the_pattern_is_refused(site: Site, bad: str) -> None:
    answer = await site.get(f"/v1/conversations/{bad}")
    assert (answer.status_code, slug(answer)) == (422, "request-invalid")


async def test_a_refused_request_says_where_and_why_but_does_not_echo(site: Site, talk: str) -> None:
    body = {"message_id": "m1", "rating": "secret-word", "comment": "x"}
    answer = await site.post(f"/v1/conversations/{talk}/feedback", body)
    assert slug(answer) == "request-invalid"
    assert answer.json()["errors"] == [{"where": "body/rating", "why": "Input should be 'up' or 'down'"}]


async def test_unknown_addresses_and_methods_are_problems_too(site: Site) -> None:
    assert slug(await site.http.get("/nowhere")) == "route-not-found"
    wrong = await site.http.put("/v1/me/export")
    assert slug(wrong) == "method-not-allowed"
    assert wrong.headers["allow"] == "GET"


async def test_log_lines_name_the_route_but_no_person_no_text_and_no_id(site: Site, talk: str) -> None:
    with capture_logs() as lines:
        answer = await site.say(talk, "my card is 4242", sub="erika.mustermann")
        await site.get(f"/v1/conversations/{talk}?note=erika.mustermann", sub="erika.mustermann")
    written = json.dumps(lines)
    routes = [line["route"] for line in lines if line["event"] == "request"]
    assert routes == ["/v1/conversations/{conversation_id}/messages", "/v1/conversations/{conversation_id}"]
    assert not [word for word in ("erika", "4242", talk) if word in written]
    assert len(answer.headers["x-request-id"]) == 32


async def test_a_well_formed_request_id_is_kept_and_another_replaced(site: Site) -> None:
    kept = await site.http.get("/healthz", headers={"X-Request-ID": "trace-1"})
    replaced = await site.http.get("/healthz", headers={"X-Request-ID": "a b"})
    assert kept.headers["x-request-id"] == "trace-1"
    assert replaced.headers["x-request-id"] != "a b"


async def test_only_listed_origins_may_read_answers_in_a_browser(settings: Settings) -> None:
    async with serving(settings.model_copy(update={"cors_origins": ("https://shop.example",)})) as site:
        ours = await site.http.get("/healthz", headers={"Origin": "https://shop.example"})
        theirs = await site.http.get("/healthz", headers={"Origin": "https://evil.example"})
    assert ours.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in theirs.headers
