"""One deployment of the fleet over the OpenAI API: its answer as a stream, its failures as the record names them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx2
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, AsyncOpenAI, AsyncStream, OpenAIError
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletionChunk

from activities.clients.posture import PATIENCE, patience
from activities.inference_ports import ModelFailed, ModelRequest, Piece
from policies.fleet import Deployment
from policies.inference import CallOutcome, Usage

# uvicorn, under vLLM and SGLang, drops an idle connection after five seconds; one kept longer fails at its next use.
IDLE_SECONDS = 3.0
# vLLM and SGLang call it differently where a model thinks apart from its answer.
THOUGHTS = ("reasoning", "reasoning_content")
# How a stream may end that is not a whole answer; None is one that never said so.
CUT_SHORT: Mapping[str | None, CallOutcome] = {
    "length": "malformed",
    "content_filter": "rejected",
    "abort": "unavailable",
    "error": "unavailable",
    None: "unavailable",
}


class _Step(NamedTuple):
    """What one chunk tells; `decoded` when it stands for a token, be it of the answer or of a thought beside it."""

    text: str = ""
    decoded: bool = False
    ended: str | None = None
    usage: Usage | None = None


class OpenAiServer:
    """Implement the port ModelServer for a server of /v1/chat/completions."""

    def __init__(self, deployment: Deployment, key: str | None = None) -> None:
        timeouts = deployment.timeouts
        self._deployment = deployment
        self._client = AsyncOpenAI(
            base_url=deployment.base_url,
            api_key=key or "none",
            max_retries=0,
            timeout=httpx2.Timeout(timeouts.total, connect=timeouts.connect),
            http_client=httpx2.AsyncClient(
                trust_env=False,
                follow_redirects=False,
                limits=httpx2.Limits(max_keepalive_connections=deployment.concurrency, keepalive_expiry=IDLE_SECONDS),
            ),
        )
        # The package takes these two from the environment and would send them to every server.
        self._client.organization = self._client.project = None

    async def close(self) -> None:
        await self._client.close()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        """Yield pieces until the answer is complete; the usage comes last, also before a cut answer's ModelFailed.

        What a model thinks apart from its answer is not yielded, but counts as a token for the timeouts.
        """
        loop, timeouts = asyncio.get_running_loop(), self._deployment.timeouts
        begun = loop.time()
        end, due = begun + timeouts.total, begun + timeouts.first_token
        ended: str | None = None
        usage: Usage | None = None
        async with aclosing(self._steps(request)) as steps:
            while step := await self._next(steps, min(end, due)):
                ended, usage = step.ended or ended, step.usage or usage
                if step.text:
                    yield Piece(step.text)
                if step.decoded:
                    due = loop.time() + timeouts.next_token
        if usage is not None:
            yield Piece(usage=usage)
        if ended in CUT_SHORT:
            raise self._failed(CUT_SHORT[ended], f"ended an answer with {ended or 'nothing'}")

    async def _next(self, steps: AsyncIterator[_Step], due: float) -> _Step | None:
        """Wait for a step, None at the end; every error is told without the words of the prompt or the answer."""
        try:
            async with asyncio.timeout_at(due):
                return await anext(steps, None)
        except (TimeoutError, APITimeoutError) as error:
            raise self._failed("timeout", f"took too long: {type(error).__name__}") from None
        except APIStatusError as error:
            raise self._refused(error.status_code, error.response.headers.get("Retry-After", "")) from None
        except APIConnectionError as error:
            raise self._failed("unavailable", f"was cut off: {type(error.__cause__).__name__}") from None
        except APIError as error:
            code = error.body.get("code") if isinstance(error.body, Mapping) else None
            raise self._refused(code if isinstance(code, int) else 500, "") from None
        except (OpenAIError, ValueError, TypeError, AttributeError) as error:
            raise self._failed("malformed", f"sent what is not a chunk: {type(error).__name__}") from None

    async def _steps(self, request: ModelRequest) -> AsyncGenerator[_Step, None]:
        stream: AsyncStream[ChatCompletionChunk] = await self._client.chat.completions.create(
            **_body(self._deployment, request)
        )
        async with stream:
            if not stream.response.headers.get("Content-Type", "").startswith("text/event-stream"):
                raise self._failed("malformed", "did not answer with a stream")
            async for chunk in stream:
                yield _read(chunk)

    def _refused(self, status: int, retry_after: str) -> ModelFailed:
        wait = patience(retry_after, datetime.now(UTC)) if status in PATIENCE else None
        said = f"answered {status}"
        if status == httpx2.codes.TOO_MANY_REQUESTS or wait is not None:
            return self._failed("rate_limited", said, wait.total_seconds() if wait is not None else None)
        if status >= 500 or status == httpx2.codes.REQUEST_TIMEOUT:
            return self._failed("unavailable", said)
        return self._failed("rejected", said)

    def _failed(self, outcome: CallOutcome, said: str, retry_after: float | None = None) -> ModelFailed:
        return ModelFailed(outcome, f"model deployment {self._deployment.name} {said}", retry_after)


def _body(deployment: Deployment, request: ModelRequest) -> dict[str, Any]:
    most = "max_completion_tokens" if deployment.dialect == "openai" else "max_tokens"
    return {
        "model": deployment.model,
        "messages": [message.model_dump() for message in request.messages],
        "temperature": request.temperature,
        most: request.most_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
        **_constraint(deployment, request),
    }


def _constraint(deployment: Deployment, request: ModelRequest) -> dict[str, Any]:
    """Say how the answer is decoded; OpenAI knows no regular expressions, so there the answer is only checked."""
    match deployment.dialect:
        case "vllm" if request.schema is not None:
            return {"extra_body": {"structured_outputs": {"json": dict(request.schema)}}}
        case "vllm" if request.pattern is not None:
            return {"extra_body": {"structured_outputs": {"regex": request.pattern}}}
        case "sglang" | "openai" if request.schema is not None:
            schema = {"name": "answer", "schema": dict(request.schema), "strict": True}
            return {"response_format": {"type": "json_schema", "json_schema": schema}}
        case "sglang" if request.pattern is not None:
            return {"extra_body": {"regex": request.pattern}}
    return {}


def _read(chunk: ChatCompletionChunk) -> _Step:
    usage = _usage(chunk.usage) if chunk.usage else None
    if not chunk.choices:
        return _Step(usage=usage)
    choice = chunk.choices[0]
    text, beside = choice.delta.content or "", choice.delta.model_extra or {}
    thought = any(beside.get(name) for name in THOUGHTS)
    return _Step(text, bool(text) or thought, choice.finish_reason, usage)


def _usage(counted: CompletionUsage) -> Usage:
    details = counted.prompt_tokens_details
    cached = (details.cached_tokens if details else None) or 0
    return Usage(prompt=counted.prompt_tokens, cached=cached, completion=counted.completion_tokens or 0)
