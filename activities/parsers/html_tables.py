"""The cells of an HTML table, those that span several rows or columns written into each of them."""

from collections.abc import Callable

from bs4.element import Tag

# A span is only a number, and a page may give any.
WIDEST, TALLEST = 20, 1_000


def rows_of(table: Tag, text: Callable[[Tag], str]) -> list[list[str]]:
    """Give the rows of a table itself, not of a table in one of its cells."""
    rows: list[list[str]] = []
    spanning: dict[int, tuple[int, str]] = {}
    for row in table.find_all("tr"):
        if row.find_parent("table") is table:
            rows.append(_row(row, text, spanning))
    return rows


def _row(row: Tag, text: Callable[[Tag], str], spanning: dict[int, tuple[int, str]]) -> list[str]:
    """Write a row; `spanning` has for a column how many rows more a cell above reaches down, and its text."""
    cells: list[str] = []
    for cell in row.find_all(("td", "th"), recursive=False):
        _reach_down(cells, spanning)
        content, down = text(cell), _span(cell, "rowspan", TALLEST)
        for _ in range(_span(cell, "colspan", WIDEST)):
            if down > 1:
                spanning[len(cells)] = (down - 1, content)
            cells.append(content)
    _reach_down(cells, spanning)
    return cells


def _reach_down(cells: list[str], spanning: dict[int, tuple[int, str]]) -> None:
    while len(cells) in spanning:
        rows, content = spanning.pop(len(cells))
        if rows > 1:
            spanning[len(cells)] = (rows - 1, content)
        cells.append(content)


def _span(cell: Tag, name: str, most: int) -> int:
    given = str(cell.get(name) or "1")
    return min(max(int(given[:9]), 1), most) if given.isdecimal() else 1
