"""A model may only pick one of the intents it was shown, over real HTTP, and whatever fails picks none."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import policies
from activities.clients.chat_model import ChatModel
from activities.errors import Malformed, Rejected, Unavailable
from activities.intent_router import CONFIDENCE, IntentRouter, RouteIntent
from activities.recognition import read_intents

ASK = RouteIntent(tenant="northwind", text="that thing with my money", intents=("refund_request", "track_order"))
SHIPPED = Path(policies.__file__).parent / "intents"
SETS = read_intents(SHIPPED)


@contextmanager
def model_server(status: int, content: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server of the chat API that always decodes `content`; yields its address and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({"path": self.path, "key": self.headers.get("Authorization"), **body})
            answer = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Chat)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


async def routed(status: int, content: str) -> tuple[Any, list[dict[str, Any]]]:
    with model_server(status, content) as (url, asked):
        model = ChatModel(url, "small", key="k-1")
        try:
            return await IntentRouter(model, SETS).route_intent(ASK), asked
        finally:
            await model.close()


async def test_the_model_sees_the_intents_and_can_decode_nothing_else() -> None:
    guess, (asked,) = await routed(200, '{"choice": "refund_request"}')
    assert (guess.id, guess.confidence) == ("refund_request", CONFIDENCE)
    assert (asked["path"], asked["model"], asked["key"]) == ("/v1/chat/completions", "small", "Bearer k-1")
    described = {intent.id: intent.description for intent in SETS.shipped}
    schema = asked["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["choice"]["enum"] == ["refund_request", "track_order", "none_of_these"]
    assert f"- track_order: {described['track_order']}" in asked["messages"][0]["content"]
    assert asked["messages"][1]["content"] == ASK.text


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (200, '{"choice": "none_of_these"}', Rejected),
        (200, '{"choice": "drop_tables"}', Malformed),
        (200, "a refund, I think", Malformed),
        (200, "[]", Malformed),
        (503, "", Unavailable),
        (500, "", Unavailable),
        (401, "", Malformed),
    ],
)
async def test_what_is_no_choice_is_an_error_named_by_who_reacts(
    status: int, content: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        await routed(status, content)
    assert "k-1" not in str(caught.value)
    assert ASK.text not in str(caught.value)


async def test_a_server_that_is_not_there_is_waited_for() -> None:
    model = ChatModel("http://127.0.0.1:9", "small")
    with pytest.raises(Unavailable, match="the model server gave no answer"):
        await IntentRouter(model, SETS).route_intent(ASK)
    await model.close()


async def test_without_a_model_the_question_is_rejected() -> None:
    with pytest.raises(Rejected) as caught:
        await IntentRouter(None, SETS).route_intent(ASK)
    assert caught.value.reason == "no_model"
