"""The `holdfast` command: run the stack or its parts, talk to it, and check what it would run."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from policies.yaml_lines import BadFile
from workers.evals_inference import evaluate_inference
from workers.fleet import fleet, ready
from workers.giving_up import give_up, settings_or_give_up
from workers.inbox import inbox
from workers.knowledge_base import kb
from workers.lessons import intents
from workers.prompts import prompts
from workers.settings import Settings

# Pretty tracebacks print local variables, and with them secrets, into a log.
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An order-support agent that keeps its word.",
)
policy = typer.Typer(no_args_is_help=True, help="Look at policy versions before anybody runs them.")
evals = typer.Typer(no_args_is_help=True, help="Measure on sets of JSON Lines that strangers wrote.")
app.add_typer(policy, name="policy")
app.add_typer(evals, name="evals")
evals.command("inference")(evaluate_inference)
app.add_typer(fleet, name="fleet")
app.add_typer(inbox, name="inbox")
app.add_typer(intents, name="intents")
app.add_typer(kb, name="kb")
app.add_typer(prompts, name="prompts")

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
Tenant = Annotated[str, typer.Option(help="the shop on whose behalf we speak")]


@app.command()
def up(data: Annotated[Path | None, typer.Option(help="the one folder everything is kept in")] = None) -> None:
    """Start everything on this machine and keep it running until Ctrl-C."""
    from workers.up import keep_up

    _finish(keep_up(_with_fleet(settings_or_give_up(data=data))))


@app.command()
def demo(
    data: Annotated[Path, typer.Option(help="each run makes a new folder in it")] = Path(".holdfast/demo"),
    keep: Annotated[bool, typer.Option(help="leave the stack running afterwards, until Ctrl-C")] = False,
) -> None:
    """Play the refund dispute over the real API, kill the worker in the middle, and count the refunds."""
    from workers.demo import play

    _finish(play(_with_fleet(settings_or_give_up(data=data)), keep))


@app.command()
def chat(
    tenant: Tenant = "northwind",
    customer: Annotated[str, typer.Option(help="the customer id in the shop")] = "U789",
    conversation: Annotated[str | None, typer.Option(help="go on with this conversation")] = None,
) -> None:
    """Talk to a running stack from the terminal."""
    from workers.chat import converse

    _finish(converse(settings_or_give_up(), tenant, customer, conversation))


@app.command()
def worker(
    queues: Annotated[list[str], typer.Argument(help="conversation, understanding, inference, knowledge")],
    ready_file: Annotated[Path | None, typer.Option(help="created once the queues are polled")] = None,
) -> None:
    """Run the workers of one or several task queues in this process."""
    from workers.queues import QUEUES
    from workers.service import serve
    from workers.telemetry import write_json_logs
    from workflows.inference import INFERENCE_QUEUE

    if unknown := [name for name in queues if name not in QUEUES]:
        give_up(f"no such queue: {', '.join(unknown)}; there are {', '.join(QUEUES)}")
    # The others read the fleet, but ask no model and need no key.
    settings = _with_fleet(settings_or_give_up()) if INFERENCE_QUEUE in queues else settings_or_give_up()
    write_json_logs(settings.log_level)
    _finish(serve(settings, queues, ready_file))


@app.command()
def api() -> None:
    """Run the HTTP API in this process; it reads its own settings, and its profile is production unless set."""
    os.execv(sys.executable, [sys.executable, "-m", "api"])


@app.command(context_settings=_PASS_ON)
def sandbox(context: typer.Context) -> None:
    """Run the stand-in shop: `holdfast sandbox --help` shows its own commands."""
    os.execv(sys.executable, [sys.executable, "-m", "sandbox", *context.args])


@app.command()
def token(
    subject: Annotated[str, typer.Option(help="who the bearer is: a customer id, or a colleague's name")],
    tenant: Tenant = "northwind",
    role: Annotated[str, typer.Option(help="customer, agent, supervisor or ops")] = "customer",
    hours: Annotated[float, typer.Option(min=0)] = 12,
) -> None:
    """Print a development token for the API."""
    from workers.tokens import ROLES, mint

    if role not in ROLES:
        give_up(f"no such role: {role}; there are {', '.join(ROLES)}")
    try:
        typer.echo(mint(settings_or_give_up(), tenant, subject, role, timedelta(hours=hours)))  # type: ignore[arg-type]  # checked
    except ValueError as error:
        give_up(str(error))


@app.command()
def understand(
    source: Annotated[typer.FileText, typer.Argument(help="JSON Lines; - is standard input")] = "-",  # type: ignore[assignment]  # typer opens it
) -> None:
    """Understand messages: {"text", "tenant"?, "open_question"?, "orders"?} lines in, one line out for each."""
    from workers.understand import Bulk
    from workers.understanding import understander

    bulk = Bulk(understander(settings_or_give_up()))
    asyncio.run(bulk.run(source, sys.stdout))
    if bulk.faults:
        typer.secho(f"holdfast: {bulk.faults} lines could not be read; each has its error in its place", err=True)
    raise typer.Exit(1 if bulk.faults else 0)


@evals.command("understand")
def evaluate_understanding(
    data: Annotated[Path, typer.Option(help="a folder with intent/, injection/, pii/ and slots/ as JSON Lines")],
    json: Annotated[Path, typer.Option(help="where the table is written as JSON")] = Path("understand.json"),
) -> None:
    """Measure intents, injection, personal data and slots on all sets of a folder, in one table."""
    from evals.understand import report
    from workers.understanding import understander

    try:
        for part in report(data, understander(settings_or_give_up()), json):
            typer.echo(part)
    except FileNotFoundError as error:
        give_up(str(error))


@evals.command("knowledge")
def evaluate_knowledge(
    corpus: Annotated[Path | None, typer.Option(help='JSON Lines {"id", "text", "metadata"?}')] = None,
    queries: Annotated[Path | None, typer.Option(help='JSON Lines {"qid", "query", "relevant"}')] = None,
    json: Annotated[Path, typer.Option(help="where the table is written as JSON")] = Path("knowledge.json"),
) -> None:
    """Measure retrieval stage by stage: on a corpus and questions of yours, or on the documents that ship."""
    from evals.knowledge import report, report_shipped
    from evals.knowledge_sets import BadLine
    from workers.knowledge import standing_embedder

    if (corpus is None) != (queries is None):
        give_up("give both --corpus and --queries, or neither to measure on the documents that ship")
    embedder = standing_embedder(settings_or_give_up())
    try:
        for part in report(corpus, queries, embedder, json) if corpus and queries else report_shipped(embedder, json):
            typer.echo(part)
    except (BadLine, FileNotFoundError) as error:
        give_up(str(error))


@policy.command("check")
def check_policy(paths: Annotated[list[Path], typer.Argument(help="version folders, or folders of them")]) -> None:
    """Check policy versions; print JSON Lines and exit 1 when one has a fault."""
    from workers.policy_check import check

    good = True
    for path in paths:
        for fine, line in check(path):
            typer.echo(line)
            good = good and fine
    raise typer.Exit(0 if good else 1)


def _with_fleet(settings: Settings) -> Settings:
    """Give up, before anything is started, where the fleet cannot be read or a key of it is missing."""
    try:
        return ready(settings)
    except (BadFile, ValueError) as error:
        give_up(str(error))


def _finish(work: Coroutine[Any, Any, int | None]) -> NoReturn:
    """Run to the end and leave at once: the Temporal client may abort in the interpreter's own shutdown."""
    try:
        status = asyncio.run(work) or 0
    except BadFile as bad:
        _say(str(bad))
        status = 2
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _say(reason: str) -> None:
    typer.secho(f"holdfast: {reason}", err=True, fg="red")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
