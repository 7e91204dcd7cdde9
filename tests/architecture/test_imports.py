"""Who may import whom: api | workers → workflows → activities → policies, and the outside world at the edge only."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT, imports, sources

# Each library that reaches outside, and the files that may speak to what it reaches.
SPEAKERS = {
    # The command line and the demonstration are customers of our own HTTP API; `parts` hands the clients out.
    "httpx": ("activities/clients/", "workers/"),
    # The edge counts requests and follows a stream itself: neither is a fact a conversation asks for.
    "redis": ("activities/clients/", "workers/", "api/stream.py", "api/rates.py"),
    "limits": ("api/rates.py",),
    "weaviate": ("activities/clients/", "workers/"),
    "sqlite3": ("activities/clients/",),
    "requests": (),
    "urllib.request": (),
}


def test_rooms_import_only_downwards() -> None:
    """Import-linter reads the contracts in pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, (
        "a room imports one above it. Move what both need down: facts and judgements to policies/, what is asked of "
        f"the outside to activities/ports.py, messages to workflows/messages.py.\n{found.stdout}{found.stderr}"
    )
    assert "0 broken" in found.stdout


def test_only_clients_speak_to_the_outside() -> None:
    strangers = [
        f"{source.name}:{line} imports {name}"
        for source in sources("policies", "activities", "workflows", "workers", "api")
        for line, name in imports(source.tree)
        for library, speakers in SPEAKERS.items()
        if f"{name}.".startswith(f"{library}.") and not source.name.startswith(speakers)
    ]
    assert strangers == [], "put the call into activities/clients/ behind a Protocol in activities/ports.py"


def test_workflows_know_activities_by_name_and_model_never_by_client() -> None:
    reached = [
        f"{source.name}:{line} imports {name}"
        for source in sources("workflows")
        for line, name in imports(source.tree)
        if name.startswith(("activities.clients", "workers", "api"))
    ]
    assert reached == [], "call the activity by its name with its input model; a client in a workflow breaks replay"


def test_only_one_file_of_the_api_calls_temporal() -> None:
    callers = {
        source.name
        for source in sources("api")
        for _, name in imports(source.tree)
        if name.startswith("temporalio.client")
    }
    # line_failures.py calls nothing: it catches what those calls raise.
    assert callers <= {"api/line.py", "api/line_deliveries.py", "api/line_failures.py", "api/line_knowledge.py"}, (
        "send it through api/line.py: what a lost or refused update means is decided there, once"
    )
