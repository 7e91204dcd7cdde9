"""How every command ends that cannot begin: one red line that says what was wrong, and status 2."""

from pathlib import Path
from typing import NoReturn

import typer
from pydantic import ValidationError

from workers.settings import Settings, read_settings


def give_up(reason: str) -> NoReturn:
    typer.secho(f"holdfast: {reason}", err=True, fg="red")
    raise typer.Exit(2)


def settings_or_give_up(data: Path | None = None) -> Settings:
    """Read the settings, `data` in place of the folder they name."""
    try:
        return read_settings(data=data) if data else read_settings()
    except ValidationError as error:
        give_up(faults(error))
    except ValueError as error:
        give_up(str(error))


def faults(error: ValidationError) -> str:
    """Say what is wrong, a line each; a default that waited for another setting is not wrong by itself."""
    wrong = [each for each in error.errors() if each["type"] != "default_factory_not_called"]
    return "\n".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong)
