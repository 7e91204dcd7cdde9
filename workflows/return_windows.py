"""Until when things can be sent back, told from the rules and remembered as a promise."""

from collections.abc import Iterable

from activities.tools.get_return_window import GetReturnWindow, WindowTerms
from policies import returns, wording
from policies.clauses import Clause
from policies.facts import CustomerFacts, OrderFacts, OrderLine, OrderStatus, ReturnWindow
from policies.promises import Promise, honour
from workflows.policy_question import Asked
from workflows.telling import plain
from workflows.turn import Turn

ME = "policy"
INTENT = "return_policy_question"
LINES_ANSWERED = 2
OVER = (OrderStatus.CANCELLED, OrderStatus.RETURNED)


async def say_windows(turn: Turn, customer: CustomerFacts, asked: Asked, clause: Clause) -> None:
    """Fill in the conditions of a clause that sets a window: which days hold for this customer, and until when."""
    rules = asked.rules(customer.region, turn.bundle.rules.returns)
    if asked.intent != INTENT or clause.clause_id not in {rule.clause for rule in rules}:
        return
    if asked.order is None:
        rule = next(rule for rule in rules if rule.clause == clause.clause_id)
        sentence = "window_category" if rule.category else "window_general"
        turn.say(sentence, days=rule.days.get(customer.tier, rule.days["standard"]))
    elif asked.order.status not in OVER:
        await _say_windows_of(turn, customer, asked.order, asked.lines, clause)


async def _say_windows_of(
    turn: Turn, customer: CustomerFacts, order: OrderFacts, meant: Iterable[OrderLine], clause: Clause
) -> None:
    left = returns.not_returned(order)
    if not left:
        turn.say("return_already_open", order=plain(order.order_id))
        return
    terms = WindowTerms(tier=customer.tier, region=customer.region, rules=turn.bundle.rules.returns)
    windows: list[tuple[OrderLine, ReturnWindow]] = []
    for line in [line for line in meant if line in left][:LINES_ANSWERED]:
        ask = GetReturnWindow(order_id=order.order_id, sku=line.sku)
        ruled = await turn.tools.read(
            ME, "get_return_window", ReturnWindow, ask, turn.caller, terms, note=f"window of {line.sku}"
        )
        windows.append((line, honour(ruled, order.order_id, turn.talk.promises)))
    _say_and_promise(turn, order, windows, clause)


def _say_and_promise(
    turn: Turn, order: OrderFacts, windows: Iterable[tuple[OrderLine, ReturnWindow]], clause: Clause
) -> None:
    """Say one sentence for all that has the same window; what is said is promised."""
    told: dict[tuple[str, int, str], list[str]] = {}
    for line, window in windows:
        if window.days is None:
            continue
        sentence, date = _sentence(turn, order, window), turn.day(window.closes_at) if window.closes_at else ""
        told.setdefault((sentence, window.days, date), []).append(line.title)
        if sentence != "window_closed":
            _promise(turn, order, window, window.days, clause)
    for (sentence, days, date), titles in told.items():
        turn.say(sentence, items=wording.listed(titles, turn.language), days=days, date=date)


def _sentence(turn: Turn, order: OrderFacts, window: ReturnWindow) -> str:
    if order.status is not OrderStatus.DELIVERED or window.closes_at is None:
        return "window_ahead"
    return "window_open" if turn.now <= window.closes_at else "window_closed"


def _promise(turn: Turn, order: OrderFacts, window: ReturnWindow, days: int, clause: Clause) -> None:
    arrived = order.status is OrderStatus.DELIVERED
    promise = Promise(
        order_id=order.order_id,
        sku=window.sku,
        days=days,
        closes_at=window.closes_at if arrived else None,
        clause_id=window.clause_id,
        version=turn.bundle.version,
        chunk_id=clause.chunk_id if clause.clause_id == window.clause_id else "",
        said_at=turn.now,
    )
    held = turn.talk.promises
    turn.talk = turn.talk.promise(promise)
    if turn.talk.promises != held:
        until = wording.day(promise.closes_at, "en") if promise.closes_at else f"{days} days after its arrival"
        what = f"{window.sku} of #{plain(order.order_id)}"
        turn.talk = turn.talk.note(f"promised that {what} can be sent back until {until}")
