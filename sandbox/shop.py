"""The open shop: what every request handler needs, in one value."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request

from sandbox import refunds
from sandbox.database import Database


@dataclass(frozen=True)
class Shop:
    """A database, a clock, and how long refunds take to settle."""

    database: Database
    clock: Callable[[], datetime]
    settle_after: timedelta

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read after refunds that fell due have moved on."""
        self.let_time_pass()
        with self.database.reading() as db:
            yield db

    def let_time_pass(self) -> None:
        now = self.clock()
        with self.database.reading() as db:
            due = refunds.something_due(db, now, self.settle_after)
        if due:
            with self.database.writing() as db:
                refunds.let_time_pass(db, now, self.settle_after)


def open_shop(request: Request) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


OpenShop = Annotated[Shop, Depends(open_shop)]
