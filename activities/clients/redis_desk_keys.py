"""Where a tenant's desk lies in Redis, and how every failure of it is named."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from activities.errors import Unavailable


def desk_of(tenant: str) -> str:
    """Name what all keys of a tenant begin with: one slot of a cluster, which the scripts need."""
    return f"holdfast:desk:{{{tenant}}}:"


def wire_of(tenant: str) -> str:
    """Name the channel that tells open consoles what changed."""
    return f"{desk_of(tenant)}wire"


@contextmanager
def store() -> Iterator[None]:
    """Raise Unavailable for whatever the client raises."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable(f"the desk's store is away: {type(error).__name__}") from None
