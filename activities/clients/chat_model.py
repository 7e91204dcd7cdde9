"""A language model over the OpenAI API, asked only for answers that fit a JSON schema."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import httpx

from activities.clients.posture import posture
from activities.errors import Malformed

TIMEOUTS = httpx.Timeout(connect=1.0, read=4.0, write=4.0, pool=1.0)
LONGEST = 4_000
# An answer is some hundred tokens where a choice is ten.
WRITING = httpx.Timeout(connect=1.0, read=8.0, write=4.0, pool=1.0)
LONGEST_MATERIAL = 16_000


class ChatModel:
    """Implement the ports Chooser and Writer on any server of /v1/chat/completions that decodes by a JSON schema."""

    def __init__(
        self,
        base_url: str,
        model: str,
        key: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
        writing: httpx.Timeout = WRITING,
    ) -> None:
        self._model = model
        self._writing = writing
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=TIMEOUTS,
            transport=transport or httpx.AsyncHTTPTransport(retries=0),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def choose(self, instructions: str, text: str, options: Sequence[str]) -> str:
        """Return the option the model decoded; raises Unavailable, Rejected or Malformed."""
        schema = {
            "type": "object",
            "properties": {"choice": {"enum": list(options)}},
            "required": ["choice"],
            "additionalProperties": False,
        }
        return _choice(await self._decode(instructions, text[:LONGEST], "choice", schema, 40, TIMEOUTS), options)

    async def write(self, instructions: str, text: str, schema: Mapping[str, object]) -> str:
        """Return the JSON the model decoded for a schema, unread; raises Unavailable, Rejected or Malformed."""
        answer = await self._decode(instructions, text[:LONGEST_MATERIAL], "answer", schema, 500, self._writing)
        return _content(answer)

    async def _decode(
        self,
        instructions: str,
        text: str,
        name: str,
        schema: Mapping[str, object],
        most_tokens: int,
        patience: httpx.Timeout,
    ) -> httpx.Response:
        body = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": text},
            ],
            "temperature": 0,
            "max_tokens": most_tokens,
            "response_format": {"type": "json_schema", "json_schema": {"name": name, "schema": schema}},
        }
        outcome: httpx.Response | httpx.HTTPError
        try:
            outcome = await self._http.post("/v1/chat/completions", json=body, timeout=patience)
        except httpx.HTTPError as error:
            outcome = error
        failure = posture(outcome, write=False, now=datetime.now(UTC), who="the model server")
        if failure:
            raise failure
        assert isinstance(outcome, httpx.Response)
        return outcome


def _content(answer: httpx.Response) -> str:
    try:
        content = answer.json()["choices"][0]["message"]["content"]
    except (ValueError, KeyError, TypeError, IndexError):
        content = None
    if not isinstance(content, str):
        raise Malformed("the model server's answer holds no text")
    return content


def _choice(answer: httpx.Response, options: Sequence[str]) -> str:
    try:
        chosen = json.loads(_content(answer))["choice"]
    except (ValueError, KeyError, TypeError):
        raise Malformed("the model server's answer holds no choice") from None
    if chosen not in options:
        raise Malformed("the model server chose outside the options: it does not constrain decoding")
    return str(chosen)
