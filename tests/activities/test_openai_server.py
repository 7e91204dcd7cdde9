"""A model deployment over real HTTP: what is asked of it, what is made of its answer, and how a failure is named."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from activities.clients.openai_server import OpenAiServer
from activities.inference_ports import ModelFailed, ModelRequest, Piece
from policies.fleet import Deployment
from policies.inference import Usage
from policies.prompts import ChatMessage
from tests.fakes.model_server import (
    CutInTheMiddle,
    ErrorInStream,
    MalformedJson,
    ModelServerScript,
    NotAStream,
    Say,
    SlowFirstToken,
    Stall,
    Status,
    Step,
    answering,
)

SECRET = "sk-never-told"
PROMPT = "where is parcel 4711"
SAID = "confidential"
REQUEST = ModelRequest((ChatMessage(role="user", content=PROMPT),), most_tokens=20)
PATIENT = {"connect": 1, "first_token": 5, "next_token": 5, "total": 10}
HASTY = {"connect": 0.15, "first_token": 0.15, "next_token": 0.15, "total": 10}


def deployment(base_url: str, **more: Any) -> Deployment:
    return Deployment(**{"name": "one", "tier": "S", "base_url": base_url, "model": "tiny", "timeouts": PATIENT} | more)


async def pieces_of(server: OpenAiServer, request: ModelRequest = REQUEST) -> list[Piece]:
    try:
        return [piece async for piece in server.stream(request)]
    finally:
        await server.close()


async def failure_of(*steps: Step, **more: Any) -> ModelFailed:
    async with ModelServerScript(steps) as script:
        with pytest.raises(ModelFailed) as failed:
            await pieces_of(OpenAiServer(deployment(script.base_url, **more), SECRET))
    return failed.value


async def test_pieces_come_as_they_are_decoded_and_the_usage_last() -> None:
    counted = Usage(prompt=30, cached=16, completion=3)
    async with ModelServerScript([Say("It left today.", usage=counted)]) as script:
        pieces = await pieces_of(OpenAiServer(deployment(script.base_url)))
    assert pieces == [Piece("It "), Piece("left "), Piece("today."), Piece(usage=counted)]


async def test_an_answer_whose_server_counts_nothing_is_still_an_answer() -> None:
    async with ModelServerScript([Say("Fine.", usage=None)]) as script:
        assert await pieces_of(OpenAiServer(deployment(script.base_url))) == [Piece("Fine.")]


SCHEMA = {"type": "object", "properties": {"tool": {"enum": ["track_package"]}}}
STRICT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}


@pytest.mark.parametrize(
    ("dialect", "schema", "pattern", "expected"),
    [
        ("vllm", SCHEMA, None, {"max_tokens": 20, "structured_outputs": {"json": SCHEMA}}),
        ("vllm", None, "a|b", {"max_tokens": 20, "structured_outputs": {"regex": "a|b"}}),
        ("vllm", None, None, {"max_tokens": 20}),
        ("sglang", SCHEMA, None, {"max_tokens": 20, "response_format": STRICT}),
        ("sglang", None, "a|b", {"max_tokens": 20, "regex": "a|b"}),
        ("openai", SCHEMA, None, {"max_completion_tokens": 20, "response_format": STRICT}),
        ("openai", None, "a|b", {"max_completion_tokens": 20}),
    ],
)
async def test_each_dialect_is_asked_in_its_own_fields(
    dialect: str, schema: dict[str, object] | None, pattern: str | None, expected: dict[str, object]
) -> None:
    request = ModelRequest(REQUEST.messages, 20, schema=schema, pattern=pattern)
    async with ModelServerScript([Say("{}")]) as script:
        await pieces_of(OpenAiServer(deployment(script.base_url, dialect=dialect), SECRET), request)
    assert script.requests[0].body == expected | {
        "model": "tiny",
        "messages": [{"role": "user", "content": PROMPT}],
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert script.requests[0].headers["authorization"] == f"Bearer {SECRET}"


async def test_nothing_of_the_environment_is_told_to_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "from-outside")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with ModelServerScript([Say("Fine.")]) as script:
        await pieces_of(OpenAiServer(deployment(script.base_url)))
    assert "from-outside" not in str(script.requests[0].headers)


SOON = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)


@pytest.mark.parametrize(
    ("step", "outcome", "retry_after"),
    [
        (Status(429, retry_after=7), "rate_limited", 7.0),
        (Status(429, retry_after=SOON), "rate_limited", 3600.0),
        (Status(429), "rate_limited", None),
        (Status(503, retry_after=2), "rate_limited", 2.0),
        (Status(503), "unavailable", None),
        (Status(500, retry_after=2), "unavailable", None),
        (Status(408), "unavailable", None),
        (Status(400, said=SAID), "rejected", None),
        (Status(401, said=SAID), "rejected", None),
        (Status(404, said=SAID), "rejected", None),
        (Status(307), "rejected", None),
        (CutInTheMiddle(after=0), "unavailable", None),
        (CutInTheMiddle(after=2, text=f"{SAID} {SAID} {SAID}"), "unavailable", None),
        (ErrorInStream(400, said=SAID), "rejected", None),
        (ErrorInStream(500, after=2, said=SAID), "unavailable", None),
        (MalformedJson(), "malformed", None),
        (MalformedJson(after=1, event=f'{{"choices": "{SAID}"}}'), "malformed", None),
        (MalformedJson(event='{"choices": [{"index": 0}]}'), "malformed", None),
        (MalformedJson(event="[]"), "malformed", None),
        (NotAStream(text=SAID), "malformed", None),
        (Say(SAID, finish="length"), "malformed", None),
        (Say(SAID, finish="content_filter"), "rejected", None),
        (Say(SAID, finish=None), "unavailable", None),
    ],
    ids=repr,
)
async def test_a_failure_is_named_by_who_has_to_react(step: Step, outcome: str, retry_after: float | None) -> None:
    failed = await failure_of(step)
    assert (failed.outcome, failed.retry_after) == (outcome, retry_after)
    told = f"{failed} {failed.__cause__}"
    assert told.startswith("model deployment one ")
    assert not any(word in told for word in (SECRET, SAID, PROMPT, "4711"))


@pytest.mark.parametrize("step", [SlowFirstToken(30), Stall(after=0), Stall(after=2)], ids=repr)
async def test_a_server_that_says_nothing_more_is_given_up_and_told_so(step: Step) -> None:
    async with ModelServerScript([step]) as script:
        with pytest.raises(ModelFailed, match="took too long") as failed:
            await pieces_of(OpenAiServer(deployment(script.base_url, timeouts=HASTY)))
        await script.requests[0].hung_up.wait()
    assert failed.value.outcome == "timeout"


async def test_an_answer_that_takes_too_long_altogether_is_given_up() -> None:
    short = {"connect": 0.2, "first_token": 0.2, "next_token": 0.2, "total": 0.2}
    failed = await failure_of(Say("word " * 500, pause=0.01), timeouts=short, wait_seconds=0)
    assert failed.outcome == "timeout"


async def test_time_that_the_reader_takes_is_not_held_against_the_server() -> None:
    async with ModelServerScript([Say("One two.", usage=None)]) as script:
        server = OpenAiServer(deployment(script.base_url, timeouts=PATIENT | {"next_token": 0.1}))
        pieces = []
        async for piece in server.stream(REQUEST):
            pieces.append(piece)
            await asyncio.sleep(0.15)
        await server.close()
    assert pieces == [Piece("One "), Piece("two.")]


async def test_a_thought_beside_the_answer_is_not_yielded_but_counts_as_a_token() -> None:
    async with ModelServerScript([Say("Done.", usage=None, pause=0.1, thinks=4)]) as script:
        pieces = await pieces_of(OpenAiServer(deployment(script.base_url, timeouts=PATIENT | {"first_token": 0.3})))
    assert pieces == [Piece("Done.")]


async def test_nobody_there_is_unavailable() -> None:
    async with ModelServerScript() as script:
        pass
    with pytest.raises(ModelFailed) as failed:
        await pieces_of(OpenAiServer(deployment(script.base_url)))
    assert failed.value.outcome == "unavailable"


async def test_closing_the_iterator_ends_the_generation_at_the_server() -> None:
    async with ModelServerScript([Stall(after=2)]) as script:
        server = OpenAiServer(deployment(script.base_url))
        async with aclosing(server.stream(REQUEST)) as pieces:
            assert await anext(pieces) == Piece("One ")
        await script.requests[0].hung_up.wait()
        await server.close()


async def test_a_task_that_is_cancelled_ends_the_generation_too() -> None:
    async with ModelServerScript([SlowFirstToken(30)]) as script:
        server = OpenAiServer(deployment(script.base_url))
        task = asyncio.create_task(pieces_of(server))
        asked = await script.request()
        task.cancel()
        await asked.hung_up.wait()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_failed_request_is_not_repeated_by_the_client() -> None:
    async with answering(lambda _: Status(500)) as script:
        with pytest.raises(ModelFailed):
            await pieces_of(OpenAiServer(deployment(script.base_url)))
    assert len(script.requests) == 1
