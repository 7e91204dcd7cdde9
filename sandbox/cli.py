"""The command line: serve the shop, seed it, import somebody else's."""

import logging
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from sandbox.app import create_app
from sandbox.database import Database
from sandbox.moments import now_utc
from sandbox.retail import MalformedRetail, import_folder
from sandbox.seed import seed_if_empty
from sandbox.settings import Settings

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)

DataFolder = Annotated[Path | None, typer.Option(help="Folder of the shop's database [SANDBOX_DATA].")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [SANDBOX_HOST].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [SANDBOX_PORT].")] = None,
    data: DataFolder = None,
) -> None:
    """Serve the shop over HTTP until it is stopped."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = _settings(host=host, port=port, data=data)
    settings.warn_about_defaults()
    # Paths carry customer and order ids, so there is no access log.
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )


@app.command("import")
def import_retail(
    folder: Annotated[Path, typer.Argument(help="Folder with users.json, products.json and orders.json.")],
    tenant: Annotated[str, typer.Option(help="Tenant that gets the records.")],
    data: DataFolder = None,
) -> None:
    """Import a shop in the retail form, all of it or nothing; print counts and a verification as JSON."""
    database = Database(_settings(data=data).data)
    try:
        report = import_folder(database, folder, tenant, now_utc())
    except MalformedRetail as refusal:
        typer.echo(f"nothing was imported: {refusal}", err=True)
        raise typer.Exit(1) from refusal
    finally:
        database.close()
    typer.echo(report.model_dump_json(indent=2))
    if not report.verified:
        raise typer.Exit(1)


@app.command()
def seed(data: DataFolder = None) -> None:
    """Put the three example tenants into the shop, unless they are there."""
    database = Database(_settings(data=data).data)
    done = seed_if_empty(database, now_utc())
    database.close()
    typer.echo("seeded" if done else "the example tenants are there already")


def main() -> None:
    app()


def _settings(**given: Any) -> Settings:
    """Flags win over the environment, the environment over defaults."""
    return Settings(**{name: value for name, value in given.items() if value is not None})
