"""The policy agent: answers from the tenant's own clauses with their source, and says so when there is none."""

from datetime import datetime

from activities.tools.get_return_window import GetReturnWindow, WindowTerms
from activities.tools.search_policy import PolicyHits, SearchPolicy, SearchScope
from policies.facts import CustomerFacts, ReturnWindow
from workflows.toolbox import Refused
from workflows.tracking import read_order
from workflows.turn import KNOWLEDGE_QUEUE, Turn

ME = "policy"
LINES_ANSWERED = 2


async def answer_policy(turn: Turn, customer: CustomerFacts, intent: str, query: str, order_id: str | None) -> None:
    """Quote the governing clause; about an order at hand, add until when its items can be sent back."""
    scope = SearchScope(
        region=customer.region, tier=customer.tier, language=turn.language, on=turn.now.date().isoformat()
    )
    hits = await turn.tools.read(
        ME,
        "search_policy",
        PolicyHits,
        SearchPolicy(query=query),
        turn.caller,
        scope,
        note="policy",
        queue=KNOWLEDGE_QUEUE,
    )
    if not hits.clauses:
        turn.say("policy_absent")
        return
    clause = hits.clauses[0]
    turn.say(
        "policy_answer",
        text=clause.text,
        title=clause.title,
        document=clause.document,
        version=clause.version,
        date=turn.day(datetime.fromisoformat(clause.effective_from)),
    )
    if order_id and intent == "return_policy_question":
        await _say_windows(turn, customer.tier, order_id)


async def _say_windows(turn: Turn, tier: str, order_id: str) -> None:
    asked = turn.talk.question
    try:
        order = await read_order(turn, order_id)
    except Refused:
        return
    turn.talk = turn.talk.with_(question=asked)
    terms = WindowTerms(tier=tier, rules=turn.bundle.rules.returns)
    for line in order.lines[:LINES_ANSWERED]:
        ask = GetReturnWindow(order_id=order.order_id, sku=line.sku)
        window = await turn.tools.read(
            ME, "get_return_window", ReturnWindow, ask, turn.caller, terms, note=f"window of {line.sku}"
        )
        if window.closes_at:
            turn.say("return_window", items=line.title, days=window.days, date=turn.day(window.closes_at))
