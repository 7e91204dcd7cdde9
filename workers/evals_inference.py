"""The command `holdfast evals inference`: which model to measure, on which cases."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from policies.fleet import Deployment, Fleet, Timeouts
from policies.inference import Price
from policies.yaml_lines import BadFile, faults_of
from workers.fleet import keys
from workers.giving_up import give_up, settings_or_give_up
from workers.settings import Settings

if TYPE_CHECKING:
    from evals.inference import Instructions

# What a stranger's server may take: being slow is measured here, not refused.
PATIENT = Timeouts(connect=5, first_token=60, next_token=30, total=120)
NAME = "evaluated"


def evaluate_inference(
    fleet: Annotated[Path | None, typer.Option(help="a fleet file; HOLDFAST_FLEET, unless named")] = None,
    deployment: Annotated[str | None, typer.Option(help="one of the fleet; needed where it has several")] = None,
    base_url: Annotated[
        str | None, typer.Option(help="instead of a fleet: an OpenAI-compatible API, up to /v1")
    ] = None,
    model: Annotated[str | None, typer.Option(help="the model's name there")] = None,
    dialect: Annotated[str, typer.Option(help="how a schema is sent: vllm, sglang or openai")] = "openai",
    key_variable: Annotated[str | None, typer.Option(help="the environment variable that holds the key")] = None,
    tier: Annotated[str, typer.Option(help="S, M or L, for the record")] = "S",
    price_input: Annotated[float, typer.Option(min=0, help="US dollars per million prompt tokens")] = 0,
    price_cached: Annotated[
        float | None, typer.Option(min=0, help="of cached ones; as the others, unless given")
    ] = None,
    price_output: Annotated[float, typer.Option(min=0, help="of answer tokens")] = 0,
    cases: Annotated[Path | None, typer.Option(help="JSON Lines: messages and the tools they call for")] = None,
    phrases: Annotated[Path | None, typer.Option(help="JSON Lines: replies to put into better words")] = None,
    answers: Annotated[Path | None, typer.Option(help="JSON Lines: questions and clauses")] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="cases at a time")] = 4,
    json: Annotated[Path, typer.Option(help="where the numbers are written as JSON")] = Path("inference.json"),
    lines: Annotated[
        Path | None, typer.Option(help="where each case is written as a line, and why it counted so")
    ] = None,
) -> None:
    """Measure a model on our own tools, replies and clauses, or on yours: any OpenAI-compatible endpoint."""
    from evals.inference import Unreachable, evaluate, read_cases, report

    settings = settings_or_give_up()
    price = Price(input=price_input, cached=price_cached, output=price_output)
    if base_url and (fleet or deployment):
        give_up("give either --base-url, or --fleet and --deployment")
    if base_url:
        chosen = _described(base_url, model, dialect, key_variable, tier, price)
    else:
        chosen = _of_fleet(fleet or settings.fleet, deployment)
    try:
        read, instructions = read_cases(cases, phrases, answers), _instructions(settings)
        key = keys(Fleet(version="1", deployments=(chosen,)), os.environ, settings.profile).get(chosen.name)
    except (BadFile, ValueError) as error:
        give_up(str(error))
    for path in filter(None, (json, lines)):
        _refuse_unwritable(path)
    try:
        evaluation = asyncio.run(evaluate(chosen, key, read, instructions, concurrency))
    except Unreachable as error:
        give_up(str(error))
    for part in report(evaluation, json, lines):
        typer.echo(part)


def _described(
    base_url: str, model: str | None, dialect: str, key_variable: str | None, tier: str, price: Price
) -> Deployment:
    given = {"base_url": base_url, "model": model, "dialect": dialect, "key_variable": key_variable, "tier": tier}
    if model is None:
        give_up("--base-url needs --model, the name its server knows the model by")
    try:
        # The server refuses what its context does not hold; we do not know how long it is.
        return Deployment.model_validate(
            {**given, "name": NAME, "context": 1_000_000, "price": price, "timeouts": PATIENT}
        )
    except ValidationError as error:
        give_up("\n".join(f"--{said.replace('_', '-', 1)}" for _, said in faults_of(error)))


def _of_fleet(file: Path | None, name: str | None) -> Deployment:
    from activities.policy_store import read_fleet

    if file is None:
        give_up("name a model: --base-url and --model, or --fleet and --deployment")
    try:
        found = read_fleet(file)
    except BadFile as bad:
        give_up(str(bad))
    names = [each.name for each in found.deployments]
    if name is None and len(names) > 1:
        give_up(f"which --deployment of {file}? There are {', '.join(names)}")
    chosen = next((each for each in found.deployments if name in (None, each.name)), None)
    return chosen or give_up(f"{file} has no deployment {name!r}; there are {', '.join(names)}")


def _refuse_unwritable(path: Path) -> None:
    """Give up where the file cannot be written, before any call is paid; leaves no empty file behind."""
    try:
        new = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
        if new:
            path.unlink()
    except OSError as error:
        give_up(f"{path} cannot be written: {(error.strerror or str(error)).lower()}")


def _instructions(settings: Settings) -> "Instructions":
    """Take the prompts at the versions that the current policy names for any tenant."""
    from activities.policy_store import ANY_TENANT, read_versions
    from activities.prompt_files import read_prompts
    from evals.inference import Instructions

    current, versions = read_versions(settings.policy_folder)
    tenants = versions[current]
    bundle = tenants.get(ANY_TENANT) or next(iter(tenants.values()))
    return Instructions(read_prompts(settings.prompt_folder), bundle.rules.inference.prompts)
