"""What the `holdfast kb …` commands say: a bar and sentences on a terminal, JSON Lines everywhere else."""

import json
import sys
from collections.abc import Sequence
from typing import Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from activities.ingest_steps import Rechecked
from policies.frozen import Fact
from policies.releases import Change, Finding, Release
from workflows.ingest_messages import IngestProgress, IngestReport

WAITING = "waiting for a knowledge worker"


class Voice(Protocol):
    """Whoever tells a person how an ingest goes and what came of it."""

    def copying(self, done: int, files: int) -> None: ...
    def progress(self, progress: IngestProgress | None) -> None:
        """Say how far it is; None while nobody answers."""
        ...

    def finish(self) -> None: ...
    def report(self, report: IngestReport, left: Sequence[Finding]) -> None: ...
    def releases(self, releases: Sequence[Release]) -> None: ...
    def rechecked(self, found: Sequence[Rechecked]) -> None: ...


def voice(as_json: bool) -> Voice:
    """Choose sentences for a person at a terminal who did not ask for JSON."""
    return Lines() if as_json or not sys.stdout.isatty() else Terminal()


class Terminal:
    """Sentences, and a bar that is gone when the work is done."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task(WAITING, total=None)

    def copying(self, done: int, files: int) -> None:
        self._show("copying", done, files)

    def progress(self, progress: IngestProgress | None) -> None:
        if progress is None:
            self._show(WAITING, 0, None)
        else:
            self._show(f"{progress.state} {progress.current}".strip(), progress.done, progress.files or None)

    def finish(self) -> None:
        self._bar.stop()

    def report(self, report: IngestReport, left: Sequence[Finding]) -> None:
        changed = [change for change in report.changes if change.added or change.removed]
        for change in changed:
            typer.echo(f"{change.source}  {_counts(change)}")
        if same := len([change for change in report.changes if change.unchanged and change not in changed]):
            typer.echo(f"{same} {'file' if same == 1 else 'files'} without change")
        for finding in (*left, *report.findings):
            mark = "stops" if finding.stops else "note"
            where = f", {finding.where}" if finding.where else ""
            typer.secho(f"\n{mark}: {finding.kind}: {finding.source}{where}", fg="red" if finding.stops else "yellow")
            typer.echo(f"  {finding.says}")
        typer.echo(f"\n{_outcome(report)}")

    def releases(self, releases: Sequence[Release]) -> None:
        for release in releases:
            at = f", published {release.published_at:%Y-%m-%d %H:%M} UTC" if release.published_at else ""
            typer.echo(
                f"{release.state:<8} {release.name}: {release.documents} documents, {release.chunks} passages{at}"
            )
        if not releases:
            typer.echo("nothing is held of this tenant")

    def rechecked(self, found: Sequence[Rechecked]) -> None:
        for each in found:
            says = "as approved" if each.same else f"NOT as approved, {each.altered} passages altered"
            typer.secho(
                f"{each.tenant}: release {each.release}, {each.chunks} passages: {says}",
                fg=None if each.same else "red",
            )
        if not found:
            typer.echo("nothing is live")

    def _show(self, description: str, done: int, files: int | None) -> None:
        self._bar.start()
        self._bar.update(self._task, description=description[:60], completed=done, total=files)


class Lines:
    """One JSON object a line, and none that only says that time goes by."""

    def __init__(self) -> None:
        self._state = ""

    def copying(self, done: int, files: int) -> None:
        self._enter("copying", files)

    def progress(self, progress: IngestProgress | None) -> None:
        if progress is None:
            self._enter("waiting", 0)
        else:
            self._enter(progress.state, progress.files)

    def finish(self) -> None: ...

    def report(self, report: IngestReport, left: Sequence[Finding]) -> None:
        for change in report.changes:
            self._write("change", change)
        for finding in (*left, *report.findings):
            self._write("finding", finding)
        self._write("report", report)

    def releases(self, releases: Sequence[Release]) -> None:
        for release in releases:
            self._write("release", release)

    def rechecked(self, found: Sequence[Rechecked]) -> None:
        for each in found:
            self._write("rechecked", each)

    def _enter(self, state: str, files: int) -> None:
        if state != self._state:
            self._state = state
            typer.echo(json.dumps({"state": state, "files": files}))

    def _write(self, kind: str, fact: Fact) -> None:
        empty = {"changes", "findings"}
        typer.echo(json.dumps({kind: fact.model_dump(mode="json", exclude=empty)}, ensure_ascii=False))


def _counts(change: Change | IngestReport) -> str:
    return f"+{change.added} ={change.unchanged} -{change.removed}"


def _outcome(report: IngestReport) -> str:
    named = f"release {report.release} of {report.tenant}"
    size = f"{report.files} files, {report.chunks} passages ({_counts(report)})"
    match report.state:
        case "live":
            return f"{named} is live: {size}"
        case "staged":
            return f"{named} is staged: {size}; `holdfast kb publish` makes it live"
        case _:
            why = "nothing of it could be read" if not report.chunks else "its findings have to be looked at"
            return f"{named} is NOT live, {why}: {size}; customers are answered from the release before it"
