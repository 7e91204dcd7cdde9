"""Every refusal of the shop as an RFC 9457 problem document with a stable `code`."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

log = logging.getLogger("sandbox")


class Problem(Exception):
    """A refusal: HTTP status, machine-readable code, and a sentence for people."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail


def document(status: int, code: str, detail: str, **more: object) -> JSONResponse:
    """Build the problem document; `more` becomes extension members."""
    return JSONResponse(
        {
            "type": f"urn:problem:shop:{code.replace('_', '-')}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "code": code,
            **more,
        },
        status_code=status,
        media_type="application/problem+json",
    )


def install(app: FastAPI) -> None:
    """Turn every error the app can raise into a problem document."""

    @app.exception_handler(Problem)
    async def refused(_: Request, problem: Problem) -> JSONResponse:
        return document(problem.status, problem.code, problem.detail)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        # The offending values stay out of the answer: they may be personal data.
        fields = [{"field": ".".join(map(str, e["loc"])), "message": str(e["msg"])} for e in error.errors()]
        told = "; ".join(f"{f['field']}: {f['message']}" for f in fields)
        return document(422, "request_invalid", told, errors=fields)

    @app.exception_handler(HTTPException)
    async def unrouted(_: Request, error: HTTPException) -> JSONResponse:
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        return document(error.status_code, code, str(error.detail))

    @app.exception_handler(Exception)
    async def broken(_: Request, error: Exception) -> JSONResponse:
        log.error("unexpected %s", type(error).__name__)
        return document(500, "internal_error", "The shop could not answer; nothing was written.")
