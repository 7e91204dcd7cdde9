"""Serve the application with uvicorn, JSON log lines and a shutdown that open event streams do not hold up."""

import logging
import socket
import sys

import structlog
import uvicorn
from structlog.typing import Processor

from api.app import create
from api.settings import Settings
from api.wiring import Parts


class Server(uvicorn.Server):
    """Tells followers to end before waiting for open connections: their streams would never end by themselves."""

    def __init__(self, settings: Settings) -> None:
        self.app = create(settings)
        # uvicorn's own access log would write raw paths, which name conversations and customers.
        super().__init__(
            uvicorn.Config(
                self.app,
                host=settings.api_host,
                port=settings.api_port,
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=10,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        parts: Parts | None = getattr(self.app.state, "parts", None)
        if parts is not None:
            parts.closing.set()
        await super().shutdown(sockets)


def log_as_json() -> None:
    """Write every line, our own and the libraries', as one JSON object on stdout."""
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    common: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, stamp]
    structlog.configure(
        processors=[*common, structlog.processors.JSONRenderer()],
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
