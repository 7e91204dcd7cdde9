"""Let a language model propose tools; what it cannot know, it cannot decode, and what comes back is checked again."""

from collections.abc import Sequence

from activities.catalog import Tool
from activities.inference_asks import Proposed, ProposeTools
from activities.structured import Form, Structured
from policies.proposals import ToolCard, fits, read, schema, tools_text, usable

# Three tools with their arguments, one of them with an address.
MOST_TOKENS = 400


def card_of(tool: Tool) -> ToolCard:
    return ToolCard(name=tool.name, says=tool.says, parameters=tool.takes.model_json_schema())


class Proposing:
    """Shows a model those tools of the catalog that were asked for, that it may propose, and the customer can use."""

    def __init__(self, structured: Structured, catalog: Sequence[Tool]) -> None:
        self._structured = structured
        self._takes = {tool.name: tool.takes for tool in catalog if tool.proposable}
        self._cards = [card_of(tool) for tool in catalog if tool.proposable]

    async def propose(self, ask: ProposeTools) -> Proposed:
        """Report proposals that fit, and which were dropped; "no_tool" where none could be proposed at all."""
        orders = ask.setting.orders
        cards = usable([card for card in self._cards if card.name in ask.tools], orders)
        if not cards:
            return Proposed(reasons=("no_tool",))
        takes = {card.name: self._takes[card.name] for card in cards}
        form = Form(schema(cards, orders, ask.most), lambda text: fits(text, takes), MOST_TOKENS)
        generated = await self._structured.decode("propose", ask, form, choices=tools_text(cards))
        if generated.text is None:
            return Proposed(calls=generated.calls, reasons=(generated.reason,))
        reading = read(generated.text, takes, orders, ask.message, ask.most)
        dropped = tuple(f"{each.tool} {each.reason}".strip() for each in reading.dropped)
        return Proposed(calls=generated.calls, proposals=reading.proposals, dropped=dropped)
