"""JSON schemas a decoder can be held to: closed, without references, and every string with an end."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

# By a field's name; a tool's own model leaves most lengths open.
LONGEST = {"summary": 400, "query": 200, "sku": 40, "postal_code": 16, "region": 60, "city": 60, "country": 60}
LONGEST_OTHER = 100
MOST_ITEMS = 5
SAID_ABOUT = ("title", "description", "default", "$defs")
# XGrammar lets raw control characters into a string with a bound; a pattern without them made each token 800 times
# as slow to mask.
NO_LETTER = re.compile(r"[\x00-\x1f\x7f-\x9f]|\ufffd+")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def record(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Give the schema of an object with exactly these properties, all of them required.

    Those with a default are required too: a fixed shape is decoded faster, and some servers insist on it.
    """
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def closed(part: Mapping[str, Any], definitions: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """Inline what a pydantic model's schema refers to, drop what it only says about itself, and bound the rest."""
    if "$ref" in part:
        return closed(definitions[part["$ref"].rpartition("/")[2]], definitions, name)
    if "anyOf" in part:
        return {"anyOf": [closed(each, definitions, name) for each in part["anyOf"]]}
    kept = {key: value for key, value in part.items() if key not in SAID_ABOUT}
    match kept.get("type"):
        case "object":
            return record({each: _field(part, each, definitions) for each in part.get("properties", {})})
        case "array":
            return {"maxItems": MOST_ITEMS, **kept, "items": closed(part["items"], definitions, name)}
        case "string" if not kept.keys() & {"enum", "const"}:
            return {**text(LONGEST.get(name, LONGEST_OTHER), least=1), **kept}
    return kept


def text(most: int, least: int = 0) -> dict[str, Any]:
    """Give the schema of a string of so many characters."""
    return {"type": "string", "minLength": least, "maxLength": most}


def plain(decoded: str) -> str:
    """Blank out raw control characters, which JSON has in no string, and what was no letter in any script."""
    return NO_LETTER.sub(" ", decoded)


def keeps_bounds(filled: BaseModel) -> bool:
    """Whether the strings of a filled model could have been decoded by its closed schema."""
    for name, field in type(filled).model_fields.items():
        value = getattr(filled, name)
        if isinstance(value, BaseModel) and not keeps_bounds(value):
            return False
        if isinstance(value, str):
            missing = field.is_required() and not value
            if missing or CONTROL.search(value) or len(value) > LONGEST.get(name, LONGEST_OTHER):
                return False
    return True


def _field(part: Mapping[str, Any], name: str, definitions: Mapping[str, Any]) -> dict[str, Any]:
    found = closed(part["properties"][name], definitions, name)
    may_be_empty = "maxLength" in found and name not in part.get("required", ())
    return {**found, "minLength": 0} if may_be_empty else found
