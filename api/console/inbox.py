"""The inbox: one page of a view, or what a search found, with the count of every view beside it."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from api.console import pages, words
from api.console.sessions import Colleague
from api.inbox import Cursor
from api.wiring import PartsDep
from policies.inbox import View

router = pages.room()

ROWS = 50


@router.get("")
async def show_inbox(
    request: Request,
    visitor: Colleague,
    parts: PartsDep,
    view: View = View.MINE,
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: Cursor = "",
) -> Response:
    """Show a view, or what a search finds in all of them; a part of the page gets the board alone."""
    now = datetime.now(UTC)
    sought = q.strip()
    counts = await parts.desk.counts(visitor.tenant, visitor.subject, now)
    if sought:
        rows = await parts.desk.search(visitor.tenant, sought, ROWS)
        total, following = len(rows), ""
    else:
        page = await parts.desk.page(visitor.tenant, view, visitor.subject, now, cursor, ROWS)
        rows, total, following = page.rows, page.total, page.cursor
    asked = {"q": sought} if sought else {"view": view.value, **({"cursor": cursor} if cursor else {})}
    return pages.render(
        request,
        "inbox_board.html" if pages.by_htmx(request) else "inbox.html",
        now=now,
        view=view,
        views=[(each, label, counts.get(each, 0)) for each, label in words.VIEWS.items()],
        label=words.VIEWS[view],
        sought=sought,
        rows=rows,
        total=total,
        first=not cursor,
        following=urlencode({"view": view.value, "cursor": following}) if following else "",
        refresh=f"/console?{urlencode(asked)}",
        why=words.WHY,
    )
