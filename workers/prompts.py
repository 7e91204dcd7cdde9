"""The `holdfast prompts …` commands: which instructions there are, who names them, and whether what is named exists."""

from typing import Annotated

import typer

from policies.yaml_lines import BadFile
from workers.giving_up import give_up, settings_or_give_up

prompts = typer.Typer(no_args_is_help=True, help="Look at the versioned instructions that language models get.")


@prompts.command("list")
def list_prompts() -> None:
    """Write each version as a JSON line: its task, its digest, and the policy versions that name it."""
    from workers.prompt_check import survey

    settings = settings_or_give_up()
    try:
        for line in survey(settings.prompt_folder, settings.policy_folder):
            typer.echo(line)
    except BadFile as bad:
        give_up(str(bad))


@prompts.command()
def show(name: Annotated[str, typer.Argument(help="task and version, such as phrase/1")]) -> None:
    """Print the words of one version."""
    from activities.prompt_files import read_prompts
    from policies.prompts import UnknownPrompt

    try:
        typer.echo(read_prompts(settings_or_give_up().prompt_folder).get(name).text, nl=False)
    except (BadFile, UnknownPrompt) as error:
        give_up(str(error))


@prompts.command("check")
def check_prompts() -> None:
    """Check that every version a policy names is there as it was released; print JSON Lines and exit 1 otherwise."""
    from workers.prompt_check import check

    settings = settings_or_give_up()
    good = True
    for fine, line in check(settings.prompt_folder, settings.policy_folder):
        typer.echo(line)
        good = good and fine
    raise typer.Exit(0 if good else 1)
