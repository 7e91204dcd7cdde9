"""The `holdfast prompts …` commands: which instructions there are, who names them, and whether what is named exists."""

from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

from policies.yaml_lines import BadFile
from workers.settings import Settings, read_settings

prompts = typer.Typer(no_args_is_help=True, help="Look at the versioned instructions that language models get.")


@prompts.command("list")
def list_prompts() -> None:
    """Write each version as a JSON line: its task, its digest, and the policy versions that name it."""
    from workers.prompt_check import survey

    settings = _settings()
    try:
        for line in survey(settings.prompt_folder, settings.policy_folder):
            typer.echo(line)
    except BadFile as bad:
        _give_up(str(bad))


@prompts.command()
def show(name: Annotated[str, typer.Argument(help="task and version, such as phrase/1")]) -> None:
    """Print the words of one version."""
    from activities.prompt_files import read_prompts
    from policies.prompts import UnknownPrompt

    try:
        typer.echo(read_prompts(_settings().prompt_folder).get(name).text, nl=False)
    except (BadFile, UnknownPrompt) as error:
        _give_up(str(error))


@prompts.command("check")
def check_prompts() -> None:
    """Check that every version a policy names is there as it was released; print JSON Lines and exit 1 otherwise."""
    from workers.prompt_check import check

    settings = _settings()
    good = True
    for fine, line in check(settings.prompt_folder, settings.policy_folder):
        typer.echo(line)
        good = good and fine
    raise typer.Exit(0 if good else 1)


def _settings() -> Settings:
    try:
        return read_settings()
    except ValidationError as error:
        _give_up("\n".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()))
    except ValueError as error:
        _give_up(str(error))


def _give_up(reason: str) -> NoReturn:
    typer.secho(f"holdfast: {reason}", err=True, fg="red")
    raise typer.Exit(2)
