"""What the `holdfast kb …` commands do over a line to the workers, and with which exit status they end."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

import typer

from activities.errors import OutsideError
from workers.kb_files import Found
from workers.kb_ingest import Ingesting
from workers.kb_line import KnowledgeLine, Refused
from workers.kb_telling import Voice, voice
from workers.settings import Settings
from workflows.ingest_messages import IngestJob

INTERRUPTED = 130
Errand = Callable[[KnowledgeLine, Voice], Awaitable[int]]


def ingest(job: IngestJob, files: Sequence[Found]) -> Errand:
    """Read files, or join whoever reads them; when interrupted, say what goes on without us."""

    async def errand(line: KnowledgeLine, telling: Voice) -> int:
        ingesting = Ingesting(line, job, telling)
        try:
            return await ingesting.read(files)
        except asyncio.CancelledError:
            telling.finish()
            goes_on = "the ingest goes on without you; run the same command again to follow it"
            typer.echo(goes_on if ingesting.started else "nothing was started", err=True)
            raise

    return errand


def publish(job: IngestJob) -> Errand:
    return lambda line, telling: Ingesting(line, job, telling).publish()


def releases(tenant: str) -> Errand:
    async def errand(line: KnowledgeLine, telling: Voice) -> int:
        telling.releases(await line.releases(tenant))
        return 0

    return errand


def roll_back(tenant: str) -> Errand:
    async def errand(line: KnowledgeLine, telling: Voice) -> int:
        telling.releases(await line.roll_back(tenant))
        return 0

    return errand


def forget(tenant: str) -> Errand:
    async def errand(line: KnowledgeLine, telling: Voice) -> int:
        telling.releases(await line.forget(tenant))
        return 0

    return errand


def check(tenant: str) -> Errand:
    """Compare what is live with what was approved; 1 if it differs, or nothing is live."""

    async def errand(line: KnowledgeLine, telling: Voice) -> int:
        report = await line.recheck(tenant)
        telling.rechecked(report.tenants)
        return 0 if report.same and report.tenants else 1

    return errand


async def run(line: Awaitable[KnowledgeLine], errand: Errand, telling: Voice) -> int:
    """Do an errand; 2 says that it could not be done, and why on standard error."""
    try:
        return await errand(await line, telling)
    except Refused as refusal:
        typer.secho(f"holdfast: {refusal}", err=True, fg="red")
    except OutsideError as error:
        typer.secho(f"holdfast: {error.message}", err=True, fg="red")
    return 2


def finish(settings: Settings, errand: Errand, as_json: bool) -> NoReturn:
    """Run to the end and leave at once: the Temporal client may abort in the interpreter's own shutdown."""
    try:
        status = asyncio.run(run(KnowledgeLine.to(settings), errand, voice(as_json)))
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
