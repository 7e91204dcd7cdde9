"""The inbox in Redis: a row for each conversation, a sorted set for each view, and an index of words to search by."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from redis.asyncio import Redis

from activities.clients import redis_inbox_scripts as scripts
from activities.clients.redis_desk_keys import desk_of, store
from activities.clients.redis_log import REFUSED_AFTERWARDS
from activities.desk_ports import Changed, Page
from policies.inbox import LATER, Row, View, millis, rank_of, turn_in_queue, views_of, words_asked, words_of

CLOSED_KEPT = timedelta(days=30)
LOOKED_AT = 1_000
CURSOR = re.compile(r"(-?[0-9]{1,16})~([A-Za-z0-9_.:-]{1,64})")
COUNTED = tuple(view for view in View if view is not View.BREACHED)


class RedisInbox:
    """Implement the Inbox port; a closed row lives `closed_kept`, and everything that long after the last change.

    A search looks at `LOOKED_AT` entries for its rarest word; of more, those first in the alphabet are found.
    """

    def __init__(self, redis: Redis, closed_kept: timedelta = CLOSED_KEPT) -> None:
        self._redis = redis
        self._closed_kept = closed_kept
        self._file = redis.register_script(scripts.FILE)
        self._page = redis.register_script(scripts.PAGE)
        self._counts = redis.register_script(scripts.COUNTS)
        self._search = redis.register_script(scripts.SEARCH)
        self._forget = redis.register_script(scripts.FORGET)

    async def file(self, row: Row) -> bool:
        """Keep a row; False where a newer version is held, or the conversation was just erased."""
        too_old = LATER - millis(datetime.now(UTC) - self._closed_kept)
        args: list[str | int] = [
            *(row.conversation_id, row.version, row.model_dump_json(), _filed(row), _told(row.conversation_id)),
            *(too_old, int(self._closed_kept.total_seconds())),
        ]
        with store():
            return bool(await self._file(keys=[desk_of(row.tenant)], args=args))

    async def page(self, tenant: str, view: View, me: str, now: datetime, cursor: str = "", most: int = 50) -> Page:
        """Read a page in one round trip; raises ValueError for a cursor that is none.

        A row that changes between two pages may come on both.
        """
        at = millis(now)
        upto = at if view is View.BREACHED else LATER * 10
        args: list[str | int] = [_place(view, me), at, upto, max(most, 1), *_behind(cursor)]
        with store():
            total, more, rows = cast(list[Any], await self._page(keys=[desk_of(tenant)], args=args))
        return Page(rows=tuple(Row.model_validate_json(row) for row in rows), total=total, cursor=more.decode())

    async def counts(self, tenant: str, me: str, now: datetime) -> dict[View, int]:
        args: list[str | int] = [millis(now), *(_place(view, me) for view in (*COUNTED, View.BREACHED))]
        with store():
            counts = cast(list[int], await self._counts(keys=[desk_of(tenant)], args=args))
        return dict(zip((*COUNTED, View.BREACHED), counts, strict=True))

    async def search(self, tenant: str, words: str, most: int = 50) -> tuple[Row, ...]:
        asked = words_asked(words)
        if not asked:
            return ()
        with store():
            found = await self._search(keys=[desk_of(tenant)], args=[most, LOOKED_AT, *asked])
        return tuple(Row.model_validate_json(row) for row in cast(list[bytes], found))

    async def find(self, tenant: str, conversation_id: str) -> Row | None:
        with store():
            held: Any = await self._redis.hget(f"{desk_of(tenant)}rows", conversation_id)
        return Row.model_validate_json(held) if held else None

    async def place(self, tenant: str, conversation_id: str) -> int | None:
        with store():
            return cast(int | None, await self._redis.zrank(f"{desk_of(tenant)}queue", conversation_id))

    async def forget(self, tenant: str, conversation_ids: Sequence[str]) -> int:
        """Delete rows, and take none of these conversations for two minutes; returns how many there were."""
        told = [part for one in conversation_ids for part in (one, _told(one))]
        args: list[str | int] = [int(REFUSED_AFTERWARDS.total_seconds()), *told]
        with store():
            return cast(int, await self._forget(keys=[desk_of(tenant)], args=args))


def _filed(row: Row) -> str:
    """Write where a row stands; ranks as text, since Lua's JSON rounds long numbers."""
    always = {f"cases:{row.assignee}": "0"} if View.MINE in views_of(row) else {}
    queued = turn_in_queue(row)
    if queued is not None:
        always["queue"] = str(queued)
    stamp = f"{LATER - millis(row.updated_at):013d}"
    snoozed = {"snoozed": str(rank_of(row, View.SNOOZED))} if row.snoozed_until and not row.closed else {}
    filed = {
        "version": row.version,
        "always": always,
        "awake": {_place(view, row.assignee): str(rank_of(row, view)) for view in views_of(row)},
        **snoozed,
        "words": [f"{word} {stamp} {row.conversation_id}" for word in words_of(row)],
    }
    return json.dumps(filed, ensure_ascii=False)


def _place(view: View, me: str) -> str:
    return f"view:mine:{me}" if view is View.MINE else f"view:{view}"


def _behind(cursor: str) -> tuple[str, ...]:
    found = CURSOR.fullmatch(cursor)
    if cursor and found is None:
        raise ValueError("no cursor of a page")
    return found.groups() if found else ()


def _told(conversation_id: str) -> str:
    return Changed(what="row", conversation_id=conversation_id).model_dump_json()
