"""`holdfast inbox …`: bring people's inbox back after the store it lies in was lost."""

import asyncio

import typer
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from workers.giving_up import settings_or_give_up
from workers.settings import Settings

inbox = typer.Typer(no_args_is_help=True, help="Look after people's inbox.")

OPEN = "WorkflowType = 'Conversation' AND ExecutionStatus = 'Running'"


@inbox.callback()
def _group() -> None:
    """Keep `rebuild` a command of its own: a group with one command would swallow its name."""


@inbox.command()
def rebuild() -> None:
    """Have every open conversation file its row again; run it after Redis lost its data. Repeating it does no harm."""
    asked, gone = asyncio.run(_rebuild(settings_or_give_up()))
    typer.echo(f"asked {asked} conversations to file their rows{f', {gone} had ended meanwhile' if gone else ''}")


async def _rebuild(settings: Settings) -> tuple[int, int]:
    from workers.service import connect

    client = await connect(settings)
    asked = gone = 0
    async for execution in client.list_workflows(OPEN):
        handle: WorkflowHandle[object, object] = client.get_workflow_handle(execution.id)
        try:
            await handle.signal("file_again")
            asked += 1
        except RPCError:
            gone += 1
    return asked, gone
