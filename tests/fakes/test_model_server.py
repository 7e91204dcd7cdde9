"""A scripted model server streams what it was told to, and fails the test that did not use it as planned."""

import json
from typing import Any

import httpx
import pytest

from policies.inference import Usage
from tests.fakes.model_server import (
    CutInTheMiddle,
    ModelServerScript,
    NotAStream,
    Say,
    Stall,
    Status,
    answering,
)

ASK = {"model": "tiny", "stream": True, "stream_options": {"include_usage": True}, "messages": []}


async def ask(server: ModelServerScript, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.post(f"{server.base_url}/chat/completions", json={**ASK, **more})


def events(answer: httpx.Response) -> list[str]:
    return [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]


async def test_an_answer_is_streamed_as_openai_servers_do_and_its_usage_comes_last() -> None:
    async with ModelServerScript([Say("Your parcel left.", usage=Usage(prompt=9, cached=4, completion=3))]) as server:
        answer = await ask(server)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *chunks, done = events(answer)
    assert done == "[DONE]"
    first, *middle, reason, usage = [json.loads(chunk) for chunk in chunks]
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert "".join(each["choices"][0]["delta"]["content"] for each in middle) == "Your parcel left."
    assert reason["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == []
    assert usage["usage"]["prompt_tokens_details"] == {"cached_tokens": 4}


async def test_no_usage_is_told_where_none_was_asked_for() -> None:
    async with ModelServerScript([Say("Hello.")]) as server:
        answer = await ask(server, stream_options=None)
    assert "usage" not in answer.text


async def test_a_step_left_over_fails_the_test() -> None:
    with pytest.raises(AssertionError, match=r"left unused: .*Never said"):
        async with ModelServerScript([Say("Never said.")]):
            pass


@pytest.mark.parametrize("path", ["chat/completions", "models"])
async def test_a_request_that_no_step_was_for_fails_the_test(path: str) -> None:
    with pytest.raises(AssertionError, match="1 requests came"):
        async with ModelServerScript() as server, httpx.AsyncClient() as http:
            assert (await http.post(f"{server.base_url}/{path}", json=ASK)).status_code == 500


async def test_the_failure_of_the_test_itself_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        async with ModelServerScript([Say("Never said.")]):
            raise ZeroDivisionError


async def test_a_step_may_be_for_one_kind_of_request_only() -> None:
    steps = [Say("Large.", when=lambda body: body["model"] == "large"), Say("Any.")]
    async with ModelServerScript(steps) as server:
        assert "Any." in (await ask(server, model="small")).text
        assert "Large." in (await ask(server, model="large")).text
    assert [each.body["model"] for each in server.requests] == ["small", "large"]


async def test_a_function_may_answer_every_request() -> None:
    async with answering(lambda body: Status(429, retry_after=3) if body["model"] == "busy" else "Fine.") as server:
        assert "Fine." in (await ask(server)).text
        refused = await ask(server, model="busy")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")


async def test_a_cut_is_seen_by_the_client_and_a_hang_up_by_the_server() -> None:
    async with ModelServerScript([CutInTheMiddle(), Stall(after=1), NotAStream()]) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await ask(server)
        async with (
            httpx.AsyncClient() as http,
            http.stream("POST", f"{server.base_url}/chat/completions", json=ASK) as answer,
        ):
            assert answer.status_code == 200
        await server.requests[1].hung_up.wait()
        assert (await ask(server)).json()["choices"][0]["message"]["content"] == "All at once."
        assert [each.hung_up.is_set() for each in server.requests] == [False, True, False]
