"""What an operator may set, from flags or from `SANDBOX_*` variables."""

import logging
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_SHOP_TOKEN = "dev-shop-token"
DEVELOPMENT_ADMIN_TOKEN = "dev-admin-token"

log = logging.getLogger("sandbox")


class Settings(BaseSettings):
    """Settings of one shop process; `settle_after` is in seconds, approval comes half way."""

    model_config = SettingsConfigDict(env_prefix="SANDBOX_", frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8090, ge=0, le=65535)
    data: Path = Path(".holdfast/shop")
    shop_token: str = Field(default=DEVELOPMENT_SHOP_TOKEN, min_length=8)
    admin_token: str = Field(default=DEVELOPMENT_ADMIN_TOKEN, min_length=8)
    settle_after: float = Field(default=0.3, ge=0)

    def warn_about_defaults(self) -> None:
        """Say loudly which tokens everybody knows."""
        for name, value in (("shop_token", DEVELOPMENT_SHOP_TOKEN), ("admin_token", DEVELOPMENT_ADMIN_TOKEN)):
            if getattr(self, name) == value:
                log.warning("%s is the published development default: set SANDBOX_%s", name, name.upper())
