"""What a client declares at the door: how fast, how good, how dear; policy bounds it."""

from typing import Literal

from pydantic import Field

from policies.frozen import Fact

Quality = Literal["fast", "balanced", "best"]


class Wish(Fact):
    """Budgets a message came with. None leaves the tenant's own bound; a wish can only narrow what costs something.

    `within_ms` bounds the time models may take in the turn, `at_most_usd` their cost.
    """

    quality: Quality = "balanced"
    within_ms: int | None = Field(default=None, ge=0, le=60_000)
    at_most_usd: float | None = Field(default=None, ge=0, le=10)
