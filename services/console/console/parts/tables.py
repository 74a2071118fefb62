"""The addresses of the tables' pages."""

from __future__ import annotations

from urllib.parse import quote


def address(path: str, tab: str = "") -> str:
    """Return the address of the page of `dataset.table`."""
    dataset, _, table = path.partition(".")
    return f"/tables/{quote(dataset, safe='')}/{quote(table, safe='')}{f'?tab={tab}' if tab else ''}"
