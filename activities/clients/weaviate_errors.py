"""What a failed call to Weaviate means for whoever asked, and for how long an answer is waited for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from grpc import RpcError, StatusCode  # type: ignore[import-untyped]  # it ships no types
from grpc.aio import AioRpcError  # type: ignore[import-untyped]
from weaviate.exceptions import (
    InsufficientPermissionsError,
    UnexpectedStatusCodeError,
    WeaviateBaseError,
    WeaviateConnectionError,
    WeaviateGRPCUnavailableError,
    WeaviateInsertManyAllFailedError,
    WeaviateQueryError,
    WeaviateRetryError,
    WeaviateStartUpError,
    WeaviateTimeoutError,
)

from activities.errors import Malformed, OutsideError, Unavailable

AWAY = (
    WeaviateStartUpError,
    WeaviateConnectionError,
    WeaviateTimeoutError,
    WeaviateGRPCUnavailableError,
    WeaviateRetryError,
    httpx.TransportError,
    RpcError,
    OSError,
    TimeoutError,
)
# Codes that say our request was wrong. Weaviate sends UNKNOWN for nearly everything else that fails on its side.
OURS = frozenset(
    {
        StatusCode.INVALID_ARGUMENT,
        StatusCode.UNIMPLEMENTED,
        StatusCode.UNAUTHENTICATED,
        StatusCode.PERMISSION_DENIED,
        StatusCode.OUT_OF_RANGE,
    }
)
SHOWN = 200


@asynccontextmanager
async def answered(doing: str, seconds: float) -> AsyncIterator[None]:
    """Wait no longer than this for Weaviate, and raise what its failures mean: Unavailable or Malformed.

    The client itself retries a lost connection for a minute, which is longer than a customer waits.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except (WeaviateBaseError, *AWAY) as error:
        raise meaning(doing, error) from None


def meaning(doing: str, error: Exception) -> OutsideError:
    """Name statuses and classes only: what Weaviate says may quote a tenant's documents."""
    said = f"Weaviate could not {doing}: {type(error).__name__}"
    if isinstance(error, WeaviateInsertManyAllFailedError):
        return Unavailable(f"{said}, no object was taken")
    if isinstance(error, UnexpectedStatusCodeError):
        said = f"{said} {error.status_code}"
        ours = isinstance(error, InsufficientPermissionsError) or 400 <= error.status_code < 500
        return Malformed(said) if ours and error.status_code != httpx.codes.TOO_MANY_REQUESTS else Unavailable(said)
    if isinstance(error, WeaviateQueryError):
        code = _code(error)
        return Malformed(f"{said} {code.name}") if code in OURS else Unavailable(f"{said} {code.name}")
    return Unavailable(said) if isinstance(error, AWAY) else Malformed(said)


def _code(error: BaseException) -> StatusCode:
    """Find the status the client wrapped; UNKNOWN when it came without one."""
    wrapped = error.__cause__ or error.__context__
    return wrapped.code() if isinstance(wrapped, AioRpcError) else StatusCode.UNKNOWN
