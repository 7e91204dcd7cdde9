"""Answers of a real server arrive while they are decoded, in two parts where asked to, and end when we leave."""

import asyncio
import re

from activities.clients.openai_server import OpenAiServer
from activities.inference_ports import ModelRequest, Piece
from policies.prompts import ChatMessage
from policies.thoughts import PATTERN, TwoParts
from tests.vllm.serve import Vllm

MESSAGES = (ChatMessage(role="user", content="where is my parcel"),)
ANSWERS = 24


def _long(characters: int) -> ModelRequest:
    """Ask for an answer that cannot end sooner."""
    return ModelRequest(MESSAGES, most_tokens=characters, pattern=f"[a-z ]{{{characters}}}", temperature=1.0)


async def test_pieces_arrive_while_the_server_still_decodes(vllm: Vllm, model_server: OpenAiServer) -> None:
    pieces: list[Piece] = []
    decoded = "vllm:generation_tokens_total"
    before, at_first = vllm.metric(decoded), 0.0
    async for piece in model_server.stream(_long(800)):
        if not pieces:
            at_first = vllm.metric(decoded) - before
        pieces.append(piece)
    *texts, last = pieces
    assert len("".join(piece.text for piece in texts)) == 800
    assert len(texts) > 50
    assert {piece.usage for piece in texts} == {None}
    assert last.usage
    assert last.text == ""
    assert last.usage.completion >= len(texts)
    assert at_first < last.usage.completion / 2
    assert last.usage.prompt > 0


async def test_of_two_parts_only_the_response_is_let_out(model_server: OpenAiServer) -> None:
    request = ModelRequest(MESSAGES, most_tokens=3000, pattern=PATTERN, temperature=1.0)

    async def answer() -> None:
        parts, whole, let_out = TwoParts(), "", ""
        async for piece in model_server.stream(request):
            whole += piece.text
            let_out += parts.feed(piece.text)
        let_out += parts.finish()
        form = re.fullmatch(r"<thought>(.*)</thought>\n?<response>(.*)</response>", whole, re.DOTALL)
        assert form, whole
        thought, response = form.groups()
        assert (let_out, parts.thought) == (response.lstrip(), thought)
        assert parts.fault == ("" if response.strip() else "no_response")

    await asyncio.gather(*(answer() for _ in range(ANSWERS)))


async def test_leaving_a_stream_ends_the_generation_at_the_server(vllm: Vllm, model_server: OpenAiServer) -> None:
    # No metric of vLLM 0.32 counts aborted requests: they are missing among those that ended.
    decoded, ended = vllm.metric("vllm:generation_tokens_total"), vllm.metric("vllm:request_success_total")
    stream = model_server.stream(_long(6000))
    for _ in range(10):
        await anext(stream)
    await stream.aclose()
    await _idle(vllm)
    # Six thousand characters would take more than a thousand tokens.
    assert 10 <= vllm.metric("vllm:generation_tokens_total") - decoded < 300
    assert vllm.metric("vllm:request_success_total") == ended


async def _idle(vllm: Vllm) -> None:
    async with asyncio.timeout(30):
        while vllm.metric("vllm:num_requests_running"):  # noqa: ASYNC110  # the server calls nobody back
            await asyncio.sleep(0.02)
