"""A playbook reaches the tools it lists, as often as it may, and nothing that was not confirmed."""

import pytest

from activities.catalog import CATALOG, Tool
from policies.permissions import UNCONFIRMED_CHANGES, Effect, may_use
from policies.verdict import Outcome
from tests.policies.shipped import BUNDLES, STANDARD

PLAYBOOKS = STANDARD.rules.playbooks
TOOLS = {tool.name: tool for tool in CATALOG}
every_pair = pytest.mark.parametrize(
    ("playbook", "tool"),
    [pytest.param(playbook, tool, id=f"{playbook}-{tool.name}") for playbook in PLAYBOOKS for tool in CATALOG],
)
NEEDS_A_YES = [
    pytest.param(playbook, name, id=f"{playbook}-{name}")
    for playbook, book in PLAYBOOKS.items()
    for name in book.tools
    if TOOLS[name].effect is not Effect.READ and name not in UNCONFIRMED_CHANGES
]


@every_pair
def test_a_tool_is_allowed_exactly_when_its_playbook_lists_it(playbook: str, tool: Tool) -> None:
    verdict = may_use(playbook, tool.name, tool.effect, 0, True, STANDARD)
    listed = tool.name in PLAYBOOKS[playbook].tools
    assert verdict.rule == ("tool.listed" if listed else "tool.not_in_playbook")
    assert verdict.outcome is (Outcome.ALLOW if listed else Outcome.DENY)


@pytest.mark.parametrize(("playbook", "tool"), NEEDS_A_YES)
def test_a_change_or_money_needs_a_confirmed_yes(playbook: str, tool: str) -> None:
    assert may_use(playbook, tool, TOOLS[tool].effect, 0, False, STANDARD).rule == "tool.unconfirmed"
    assert may_use(playbook, tool, TOOLS[tool].effect, 0, True, STANDARD).allowed


def test_the_money_tool_is_among_those_that_need_a_yes() -> None:
    money = {tool.name for tool in CATALOG if tool.effect is Effect.MONEY}
    assert money
    assert money <= {param.values[1] for param in NEEDS_A_YES}
    assert not money & UNCONFIRMED_CHANGES


@pytest.mark.parametrize(("playbook", "turns"), [("tracking", 2), ("policy", 4), ("negotiation", 5)])
def test_a_playbook_stops_at_its_turn_limit(playbook: str, turns: int) -> None:
    tool = PLAYBOOKS[playbook].tools[0]
    assert may_use(playbook, tool, Effect.READ, turns - 1, False, STANDARD).allowed
    spent = may_use(playbook, tool, Effect.READ, turns, True, STANDARD)
    assert (spent.rule, spent.outcome) == ("tool.turns_spent", Outcome.DENY)
    assert spent.numbers == {"playbook": playbook, "tool": tool, "used": turns, "turns": turns}


@pytest.mark.parametrize("tenant", BUNDLES)
def test_tracking_and_policy_only_read(tenant: str) -> None:
    books = BUNDLES[tenant].rules.playbooks
    assert {TOOLS[tool].effect for name in ("tracking", "policy") for tool in books[name].tools} == {Effect.READ}


@pytest.mark.parametrize("tenant", BUNDLES)
def test_only_negotiation_reaches_money(tenant: str) -> None:
    books = BUNDLES[tenant].rules.playbooks.items()
    assert [name for name, book in books if any(TOOLS[tool].effect is Effect.MONEY for tool in book.tools)] == [
        "negotiation"
    ]


@pytest.mark.parametrize("tenant", BUNDLES)
def test_every_tool_a_playbook_lists_exists_and_every_tool_is_listed(tenant: str) -> None:
    books = BUNDLES[tenant].rules.playbooks.values()
    assert {tool for book in books for tool in book.tools} == TOOLS.keys()


@every_pair
def test_words_that_are_not_trusted_reach_no_tool_that_writes(playbook: str, tool: Tool) -> None:
    verdict = may_use(playbook, tool.name, tool.effect, 0, True, STANDARD, trusted=False)
    assert verdict.allowed == (tool.effect is Effect.READ and tool.name in PLAYBOOKS[playbook].tools)


def test_a_tool_nobody_knows_is_denied() -> None:
    assert may_use("negotiation", "drop_tables", Effect.READ, 0, True, STANDARD).rule == "tool.not_in_playbook"
