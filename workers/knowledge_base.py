"""The `holdfast kb …` commands: a shop's documents read, checked, made live, taken back, searched."""

import re
from datetime import datetime
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from policies.releases import NAME
from workers.giving_up import faults, give_up, settings_or_give_up

kb = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="Read, check, publish and search a shop's documents."
)


def _name(given: str) -> str:
    if not re.fullmatch(NAME, given):
        raise typer.BadParameter(f"{given!r} is no such name: letters, digits, '.', '_' and '-', at most 63")
    return given


Tenant = Annotated[str, typer.Option(help="the shop whose documents these are", callback=_name)]
Version = Annotated[str, typer.Option(help="the release's name, such as 2026-12", callback=_name)]
Despite = Annotated[bool, typer.Option("--despite-findings", help="make it live although findings speak against it")]
Json = Annotated[bool, typer.Option("--json", help="JSON Lines, also on a terminal")]


@kb.command()
def ingest(
    path: Annotated[Path, typer.Argument(exists=True, help="a folder with all documents of the release, or one file")],
    tenant: Tenant,
    version: Version,
    stage_only: Annotated[bool, typer.Option("--stage-only", help="read and check, but do not make it live")] = False,
    despite_findings: Despite = False,
    as_json: Json = False,
) -> None:
    """Read documents into a release, check it, and make it live; run it again to follow what is under way."""
    from activities.errors import Rejected
    from workers import kb_errands
    from workers.kb_files import find
    from workflows.ingest_messages import IngestJob

    try:
        files = find(path)
    except Rejected as refusal:
        give_up(refusal.message)
    if not files:
        give_up(f"there is no file in {path}")
    job = IngestJob(tenant=tenant, release=version, publish=not stage_only, despite=despite_findings, by=_whoever())
    kb_errands.finish(settings_or_give_up(), kb_errands.ingest(job, files), as_json)


@kb.command()
def releases(tenant: Tenant, as_json: Json = False) -> None:
    """List a shop's releases, the live one first."""
    from workers import kb_errands

    kb_errands.finish(settings_or_give_up(), kb_errands.releases(tenant), as_json)


@kb.command()
def publish(tenant: Tenant, version: Version, despite_findings: Despite = False, as_json: Json = False) -> None:
    """Check a staged release again and make it live, without reading its files again."""
    from workers import kb_errands
    from workflows.ingest_messages import IngestJob

    job = IngestJob(tenant=tenant, release=version, despite=despite_findings, by=_whoever())
    kb_errands.finish(settings_or_give_up(), kb_errands.publish(job), as_json)


@kb.command()
def rollback(tenant: Tenant, as_json: Json = False) -> None:
    """Make the release live again that was before."""
    from workers import kb_errands

    kb_errands.finish(settings_or_give_up(), kb_errands.roll_back(tenant), as_json)


@kb.command()
def check(tenant: Tenant, as_json: Json = False) -> None:
    """Compare what is live with what was approved; exits with 1 if it differs."""
    from workers import kb_errands

    kb_errands.finish(settings_or_give_up(), kb_errands.check(tenant), as_json)


@kb.command()
def forget(
    tenant: Tenant,
    yes: Annotated[bool, typer.Option("--yes", help="really: it cannot be undone")] = False,
    as_json: Json = False,
) -> None:
    """Delete every release and every waiting file of a shop."""
    from workers import kb_errands

    if not yes:
        give_up(f"this deletes all documents of {tenant} for good: say --yes if you mean it")
    kb_errands.finish(settings_or_give_up(), kb_errands.forget(tenant), as_json)


@kb.command()
def search(
    query: Annotated[str | None, typer.Argument(help="a question; without it, JSON Lines on standard input")] = None,
    tenant: Tenant = "northwind",
    region: Annotated[str, typer.Option(help="where the order went")] = "US",
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="the order's date; today, unless set")
    ] = None,
    tier: Annotated[str, typer.Option(help="the customer's")] = "standard",
    language: Annotated[str, typer.Option(help="the question's; told from its words, unless set")] = "",
    path: Annotated[str, typer.Option(help="accurate, or fast")] = "accurate",
    as_json: Json = False,
) -> None:
    """Search the live documents as a conversation would; JSON Lines hold what the options say, and "query"."""
    from workers import kb_asking

    asked = {"tenant": tenant, "region": region, "tier": tier, "language": language, "path": path}
    asked |= {"on": on.date().isoformat()} if on else {}
    try:
        raise typer.Exit(kb_asking.ask(settings_or_give_up(), query, asked, as_json))
    except ValidationError as error:
        give_up(faults(error))


def _whoever() -> str:
    try:
        return getuser()
    except (OSError, KeyError):
        # A container's user need not have a name.
        return ""
