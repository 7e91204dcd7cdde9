"""The contract every tool keeps, present and future: add its line to the catalog and these tests are its tests."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from pydantic import BaseModel
from temporalio import activity

from activities import tools
from activities.catalog import CATALOG, Tool, tool_activities
from policies.frozen import Fact
from policies.permissions import Effect
from tests.fakes.shop import ScriptedShop
from workflows.messages import CONVERSATION_QUEUE

every_tool = pytest.mark.parametrize("tool", CATALOG, ids=[tool.name for tool in CATALOG])
AMOUNT_WORDS = ("amount", "minor", "money", "price", "sum", "total", "cents", "value", "currency")


def activity_of(tool: Tool) -> tuple[str | None, Any]:
    """Find the one activity a tool's class defines: the name Temporal knows it by, and its function."""
    members = inspect.getmembers(tool.made_by, inspect.isfunction)
    found = [(d.name, f) for _, f in members if (d := activity._Definition.from_callable(f))]
    assert len(found) == 1, f"{tool.name}: one file is one tool is one activity, found {found}"
    return found[0]


def arguments(tool: Tool) -> dict[str, Any]:
    _, function = activity_of(tool)
    hints = get_type_hints(function)
    return {name: hint for name, hint in hints.items() if name != "return"}


def field_names(model: type[BaseModel]) -> Iterator[str]:
    """Name every field a model could fill, however deep."""
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        yield from part.get("properties", {})


@every_tool
def test_a_tool_introduces_itself(tool: Tool) -> None:
    name, _ = activity_of(tool)
    assert tool.name == name, "the file, the tool and the activity carry one name"
    assert tool.says.endswith("."), "the first line of the model's docstring is what the model reads"
    assert isinstance(tool.effect, Effect)
    assert tool.takes.__name__ == tool.name.title().replace("_", "")


@every_tool
def test_every_field_a_model_fills_is_described(tool: Tool) -> None:
    fields = tool.takes.model_json_schema()["properties"]
    assert fields, "a tool asks for something"
    assert [name for name, field in fields.items() if not field.get("description")] == []


@every_tool
def test_a_tool_exchanges_frozen_facts(tool: Tool) -> None:
    _, function = activity_of(tool)
    exchanged = get_type_hints(function).values()
    assert all(isinstance(kind, type) and issubclass(kind, Fact) for kind in exchanged)


@every_tool
def test_a_tool_knows_on_whose_behalf_it_acts_and_no_model_can_say_so(tool: Tool) -> None:
    told = arguments(tool)
    confirmed = [kind for kind in told.values() if "caller" in kind.model_fields]
    assert "caller" in told or confirmed
    assert not {"caller", "customer_id", "tenant", "key"} & set(field_names(tool.takes))


@every_tool
def test_a_tool_that_changes_something_takes_one_confirmed_argument_with_a_key(tool: Tool) -> None:
    told = list(arguments(tool).values())
    if tool.effect is Effect.READ:
        assert told[0] is tool.takes
    else:
        assert len(told) == 1
        assert {"caller", "key"} <= told[0].model_fields.keys(), "without a key a retry would do it twice"
        assert told[0] is not tool.takes, "what a model proposes is never what is carried out"


@every_tool
def test_no_model_names_an_amount(tool: Tool) -> None:
    if tool.effect is Effect.MONEY:
        named = [field for field in field_names(tool.takes) if any(word in field for word in AMOUNT_WORDS)]
        assert named == [], "amounts come from facts and policy"


def test_every_file_of_the_tools_room_has_its_line() -> None:
    files = {path.stem for path in Path(tools.__path__[0]).glob("*.py")} - {"__init__"}
    assert files == {tool.name for tool in CATALOG}


def test_names_are_unique() -> None:
    assert len({tool.name for tool in CATALOG}) == len(CATALOG)


def test_the_conversation_queue_gets_every_tool_it_should_run() -> None:
    names = [
        definition.name
        for each in tool_activities(ScriptedShop())
        if (definition := activity._Definition.from_callable(each))
    ]
    here = [tool.name for tool in CATALOG if tool.queue == CONVERSATION_QUEUE]
    assert names == [*here, "hydrate", "read_back_refund", "did_write_land"]
