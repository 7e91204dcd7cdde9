"""What a decoder may write under one of our schemas: drawn by hypothesis, and put down as XGrammar lets it through."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from hypothesis import strategies as st

# In a string with a bound, XGrammar 0.2 allows control characters but these two, and nothing escaped.
LETTERS = st.characters(codec="utf-8", exclude_characters='"\\\r\n')


def instances(part: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Draw values that a schema allows."""
    if "const" in part or "enum" in part:
        return st.sampled_from(part.get("enum") or [part["const"]])
    if "anyOf" in part:
        return reduce(or_, map(instances, part["anyOf"]))
    if part["type"] == "array":
        return st.lists(instances(part["items"]), max_size=part["maxItems"])
    if part["type"] == "string":
        return st.text(LETTERS, min_size=part["minLength"], max_size=part["maxLength"])
    return st.fixed_dictionaries({name: instances(inner) for name, inner in part["properties"].items()})


def as_decoded(value: Any) -> str:
    """Write JSON with every character of its strings as it is."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f'"{name}": {as_decoded(inner)}' for name, inner in value.items()) + "}"
    return "[" + ", ".join(map(as_decoded, value)) + "]"
