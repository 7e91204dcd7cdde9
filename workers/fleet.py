"""The `holdfast fleet …` commands, and the keys of deployments from the variables the fleet names."""

import json
import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer

from policies.fleet import Deployment, Fleet
from policies.inference import LADDER
from policies.yaml_lines import BadFile
from workers.fleet_compose import overlay
from workers.giving_up import give_up, settings_or_give_up
from workers.settings import Settings

fleet = typer.Typer(no_args_is_help=True, help="Look at the deployments of language models before anybody asks them.")
File = Annotated[Path | None, typer.Argument(help="the fleet's YAML; HOLDFAST_FLEET, unless named")]


@fleet.command()
def check(file: File = None) -> None:
    """Check a fleet; print JSON Lines and exit 1 when it has a fault."""
    path = file or _configured()
    try:
        read = _read(path)
    except BadFile as bad:
        for line, reason in bad.faults:
            typer.echo(_line(file=bad.source, ok=False, line=line, reason=reason))
        raise typer.Exit(1) from None
    tiers = {tier: [each.name for each in read.deployments if each.tier == tier] for tier in LADDER}
    variables = sorted({each.key_variable for each in read.deployments if each.key_variable})
    typer.echo(_line(file=str(path), ok=True, version=read.version, tiers=tiers, variables=variables))


@fleet.command()
def compose(file: File = None) -> None:
    """Print a compose file that serves the fleet's own deployments with vLLM and tells the workers of all of them."""
    path = file or _configured()
    typer.echo(overlay(_read_or_exit(path), path), nl=False)


@fleet.command()
def targets(file: File = None) -> None:
    """Print deploy/prometheus/fleet/servers.json, by which Prometheus finds the fleet's own servers."""
    served = [each for each in _read_or_exit(file or _configured()).deployments if each.serving]
    at = {each.name: f"{each.address.hostname}:{each.address.port or 80}" for each in served}
    typer.echo(json.dumps([{"targets": [where], "labels": {"deployment": name}} for name, where in at.items()]))


def ready(settings: Settings) -> Settings:
    """Return the settings if their fleet can be used, or there is none; raises BadFile, and ValueError as `keys`."""
    if settings.fleet:
        keys(_read(settings.fleet), os.environ, settings.profile)
    return settings


def keys(fleet: Fleet, environ: Mapping[str, str], profile: str = "production") -> dict[str, str]:
    """Read the key of each deployment that has one, by the deployment's name.

    Raises ValueError naming variable and deployment where one is missing, or where profile production would send it
    over plain HTTP to a host that is neither this machine nor a service beside it.
    """
    found: dict[str, str] = {}
    faults: list[str] = []
    for each in fleet.deployments:
        if each.key_variable is None:
            continue
        found[each.name] = environ.get(each.key_variable, "").strip()
        if not found[each.name]:
            faults.append(f"{each.key_variable} is not set; it holds the key of deployment {each.name!r}")
        elif profile == "production" and _in_the_open(each):
            faults.append(f"deployment {each.name!r} would get its key over plain HTTP; its base_url has to be https")
    if faults:
        raise ValueError("; ".join(faults))
    return found


def _in_the_open(deployment: Deployment) -> bool:
    host = deployment.address.hostname or ""
    if deployment.address.scheme == "https" or host == "localhost":
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return "." in host


def _read(path: Path) -> Fleet:
    from activities.policy_store import read_fleet

    return read_fleet(path)


def _read_or_exit(path: Path) -> Fleet:
    try:
        return _read(path)
    except BadFile as bad:
        typer.secho(str(bad), err=True, fg="red")
        raise typer.Exit(1) from None


def _configured() -> Path:
    named = settings_or_give_up().fleet
    return named or give_up("no fleet: name a file, or set HOLDFAST_FLEET")


def _line(**fields: object) -> str:
    return json.dumps(fields, ensure_ascii=False)
