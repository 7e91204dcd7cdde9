"""A language model over the OpenAI API, asked only for one of a closed set of answers."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx

from activities.clients.posture import posture
from activities.errors import Malformed

TIMEOUTS = httpx.Timeout(connect=1.0, read=4.0, write=4.0, pool=1.0)
LONGEST = 4_000


class ChatModel:
    """Implement the Chooser port on any server of /v1/chat/completions that constrains decoding by a JSON schema."""

    def __init__(
        self, base_url: str, model: str, key: str = "", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._model = model
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
        body = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": instructions},
                {"role": "user", "content": text[:LONGEST]},
            ],
            "temperature": 0,
            "max_tokens": 40,
            "response_format": {"type": "json_schema", "json_schema": {"name": "choice", "schema": schema}},
        }
        outcome: httpx.Response | httpx.HTTPError
        try:
            outcome = await self._http.post("/v1/chat/completions", json=body)
        except httpx.HTTPError as error:
            outcome = error
        failure = posture(outcome, write=False, now=datetime.now(UTC), who="the model server")
        if failure:
            raise failure
        assert isinstance(outcome, httpx.Response)
        return _choice(outcome, options)


def _choice(answer: httpx.Response, options: Sequence[str]) -> str:
    try:
        chosen = json.loads(answer.json()["choices"][0]["message"]["content"])["choice"]
    except (ValueError, KeyError, TypeError, IndexError):
        raise Malformed("the model server's answer holds no choice") from None
    if chosen not in options:
        raise Malformed("the model server chose outside the options: it does not constrain decoding")
    return str(chosen)
