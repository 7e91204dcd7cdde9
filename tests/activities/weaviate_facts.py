"""What Weaviate's published API says of REST requests, and what a request has that it does not know."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

FACTS = yaml.safe_load(Path(__file__).with_name("weaviate_rest.yaml").read_text(encoding="utf-8"))
KINDS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
}


def route(method: str, path: str) -> tuple[str, dict[str, str]]:
    """Name a request as the facts do, and what its path names."""
    for request in FACTS["requests"]:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", FACTS["base"] + request["path"])
        if request["method"] == method and (found := re.fullmatch(pattern, path)):
            return f"{method} {request['path']}", {key: unquote(value) for key, value in found.groupdict().items()}
    return f"{method} {path}", {}


def oddities(name: str, said: dict[str, Any]) -> list[str]:
    """Say what a request has that the published API does not know."""
    facts = {f"{request['method']} {request['path']}": request for request in FACTS["requests"]}.get(name)
    if facts is None:
        return ["no such request"]
    odd = [f"{key} {value!r}" for key, value in said["path"].items() if not _named(key, value)]
    odd += [f"query {key}" for key in said["query"] if key not in facts.get("query", ())]
    if (said["body"] is None) != ("body" not in facts):
        return [*odd, "a body too many or too few"]
    return [*odd, *_misfits(said["body"], facts["body"], "body")] if "body" in facts else odd


def _named(key: str, value: str) -> bool:
    return key not in FACTS["names"] or re.fullmatch(FACTS["names"][key], value) is not None


def _misfits(value: Any, shape: Any, where: str) -> list[str]:
    if isinstance(shape, list):
        return (
            [f"{where} is no list"]
            if not isinstance(value, list)
            else [odd for n, one in enumerate(value) for odd in _misfits(one, shape[0], f"{where}[{n}]")]
        )
    if isinstance(shape, dict):
        if "one" in shape:
            return [] if value in shape["one"] else [f"{where} is {value!r}"]
        return [odd for name, one in value.items() for odd in _misfits(one, shape["each"], f"{where}.{name}")]
    if shape in KINDS:
        return [] if KINDS[shape](value) else [f"{where} is no {shape}"]
    known, overlooked = FACTS["shapes"][shape], FACTS["overlooked"].get(shape, ())
    odd = [f"{where}.{name} is unknown" for name in value.keys() - known.keys() - set(overlooked)]
    return odd + [
        misfit
        for name in value.keys() & known.keys()
        for misfit in _misfits(value[name], known[name], f"{where}.{name}")
    ]
