"""Policies judge what they are given: no clock, no chance, no files, no network, no Temporal."""

from tests.architecture.source import imports, names, sources

FORBIDDEN_ROOMS = (
    "temporalio", "os", "pathlib", "io", "shutil", "tempfile", "glob", "random", "secrets", "uuid", "time", "asyncio",
    "threading", "subprocess", "socket", "urllib.request", "httpx", "redis", "sqlite3", "logging", "structlog",
    "activities", "workflows", "workers", "api", "sandbox",
)  # fmt: skip
FORBIDDEN_CALLS = (
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "open", "print", "input", "eval", "exec",
)  # fmt: skip


def test_a_policy_imports_nothing_that_reads_the_world() -> None:
    reached = [
        f"{source.name}:{line} imports {name}"
        for source in sources("policies")
        for line, name in imports(source.tree)
        if any(f"{name}.".startswith(f"{room}.") for room in FORBIDDEN_ROOMS)
    ]
    assert reached == [], "let an activity read it and hand the fact in as an argument"


def test_a_policy_calls_nothing_that_differs_between_two_replays() -> None:
    reached = [
        f"{source.name}:{line} uses {name}"
        for source in sources("policies")
        for line, name in names(source.tree)
        if name in FORBIDDEN_CALLS
    ]
    assert reached == [], "take `now` or the text as an argument; whoever calls knows the time"
