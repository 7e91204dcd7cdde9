"""The `holdfast intents …` commands: review what was not understood, name it, make exemplars of it, watch for drift."""

import re
from getpass import getuser
from typing import Annotated

import typer

from workers.giving_up import give_up, settings_or_give_up

intents = typer.Typer(no_args_is_help=True, help="Learn from messages that were not understood.")

TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


def _tenant(name: str | None) -> str | None:
    # The name becomes a folder and a key, so nothing that could leave either gets in.
    if name is not None and not TENANT.fullmatch(name):
        raise typer.BadParameter(f"{name!r} is no name of a tenant")
    return name


Tenant = Annotated[str, typer.Option(help="the shop whose messages these are", callback=_tenant)]
Taught = Annotated[str | None, typer.Option(help="teach this shop only, not what ships for all", callback=_tenant)]
Lines = Annotated[typer.FileBinaryRead, typer.Argument(help="JSON Lines; standard input, unless a file is named")]


@intents.command()
def review(
    tenant: Tenant,
    limit: Annotated[int, typer.Option(min=1, help="so many lessons at most, oldest first")] = 200,
    labelled: Annotated[bool, typer.Option("--labelled", help="those a person has named, for `accept`")] = False,
) -> None:
    """Write lessons as JSON Lines, near-duplicates as one line; edit "intent", then `label` or `accept` the file."""
    from workers import teaching

    raise typer.Exit(teaching.finish(settings_or_give_up(), teaching.review(tenant, limit, labelled)))


@intents.command()
def label(
    tenant: Tenant,
    lines: Lines = "-",  # type: ignore[assignment]  # the command line opens it
    by: Annotated[str, typer.Option(help="whose word this is; your login name, unless set")] = "",
) -> None:
    """Set what lessons mean, from JSON Lines {"id", "intent"}; what a line lists as "alike" gets the same intent."""
    from workers import teaching

    settings = settings_or_give_up()
    work = teaching.label(settings, tenant, (_name(lines), lines), by or getuser())
    raise typer.Exit(teaching.finish(settings, work))


@intents.command()
def accept(
    lines: Lines = "-",  # type: ignore[assignment]  # the command line opens it
    tenant: Taught = None,
    write: Annotated[bool, typer.Option("--write", help="change the files; without it the diff is only shown")] = False,
) -> None:
    """Make exemplars of JSON Lines {"text" or "id", "intent", "language"?}, and print what changes as a diff."""
    from workers import teaching

    settings = settings_or_give_up()
    work = teaching.accept(settings, tenant, (_name(lines), lines), write)
    raise typer.Exit(teaching.finish(settings, work))


@intents.command()
def drift(
    tenant: Tenant,
    week: Annotated[str | None, typer.Option(help="such as 2026-W46; this one, unless set")] = None,
) -> None:
    """Compare a week's messages with the week before, as JSON Lines: everything first, then each intent."""
    from workers import teaching

    settings = settings_or_give_up()
    try:
        work = teaching.drift(tenant, week)
    except ValueError:
        give_up(f"{week!r} is no ISO week, such as 2026-W46")
    raise typer.Exit(teaching.finish(settings, work))


def _name(lines: typer.FileBinaryRead) -> str:
    return getattr(lines, "name", "<stdin>")
