"""A workflow that is replayed must come to the same commands: it knows time and chance from Temporal only."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import imports, names, sources

UNREPEATABLE = (
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.sleep",
    "uuid.uuid1", "uuid.uuid4", "os.urandom", "os.environ", "os.getenv", "open",
)  # fmt: skip
CHANCE = ("random", "secrets", "subprocess", "socket", "threading", "sqlite3", "urllib.request")


def reached_names() -> Iterator[tuple[str, str]]:
    """Yield (file:line, dotted name) of everything the workflows' room reaches."""
    for source in sources("workflows"):
        yield from ((f"{source.name}:{line}", name) for line, name in names(source.tree))


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import datetime\ndatetime.now(UTC)",
        "from datetime import datetime as moment\nmoment.utcnow()",
        "import datetime\ndatetime.datetime.now()",
        "import time\ntime.time()",
        "from time import monotonic\nmonotonic()",
    ],
)
def test_each_way_of_reading_the_clock_would_be_found(code: str) -> None:
    assert any(name in UNREPEATABLE for _, name in names(ast.parse(code)))


def test_a_workflow_reads_no_wall_clock_and_no_environment() -> None:
    read = [f"{place} uses {name}" for place, name in reached_names() if name in UNREPEATABLE]
    assert read == [], "use workflow.now(), workflow.sleep(), workflow.uuid4(); anything else comes from an activity"


def test_a_workflow_imports_nothing_that_throws_dice_or_reaches_out() -> None:
    reached = [
        f"{source.name}:{line} imports {name}"
        for source in sources("workflows")
        for line, name in imports(source.tree)
        if any(f"{name}.".startswith(f"{room}.") for room in CHANCE)
    ]
    assert reached == [], "use workflow.random(), or let an activity do it and record the answer"


def test_nothing_is_passed_through_the_sandbox_by_hand() -> None:
    passed = [place for place, name in reached_names() if name.endswith("imports_passed_through")]
    assert passed == [], "workers/workflow_sandbox.py holds the one allow-list; add the module there and say why"
