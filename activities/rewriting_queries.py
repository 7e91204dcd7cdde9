"""Let a language model say a question in the words that policies have for it."""

from pydantic import Field, ValidationError

from activities.inference_asks import RewriteQuery, Rewritten
from activities.structured import Form, Structured
from policies import decoding, queries
from policies.frozen import Written

LONGEST = 200
# A script of its own may take a token for each letter.
MOST_TOKENS = 240
SCHEMA = decoding.record({"query": decoding.text(LONGEST, least=1)})


class _Query(Written):
    query: str = Field(max_length=LONGEST)


class QueryRewriting:
    """Takes a model's words for searching only; none of them is ever told to a customer."""

    def __init__(self, structured: Structured) -> None:
        self._structured = structured

    async def rewrite(self, ask: RewriteQuery) -> Rewritten:
        """Report a query; "empty" where the model had no words, "adds" where it says what nobody asked about."""
        form = Form(SCHEMA, lambda text: _query(text) is not None, MOST_TOKENS)
        generated = await self._structured.decode("rewrite", ask, form)
        if generated.text is None:
            return Rewritten(calls=generated.calls, reasons=(generated.reason,))
        query = _query(generated.text)
        if not query:
            return Rewritten(calls=generated.calls, reasons=("empty",))
        own = [order.order_id for order in ask.setting.orders]
        if queries.adds(query, ask.message, own):
            return Rewritten(calls=generated.calls, reasons=("adds",))
        return Rewritten(calls=generated.calls, query=query)


def _query(text: str) -> str | None:
    try:
        return " ".join(_Query.model_validate_json(decoding.plain(text)).query.split())
    except ValidationError:
        return None
