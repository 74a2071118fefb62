"""What several pages show of tables: their addresses, and the lineage as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from nicegui import ui

from console.logic import drawing
from console.logic.assets import Asset, Key


def address(path: str, tab: str = "") -> str:
    """Return the address of the page of `dataset.table`."""
    dataset, _, table = path.partition(".")
    return f"/tables/{quote(dataset, safe='')}/{quote(table, safe='')}{f'?tab={tab}' if tab else ''}"


def picture(assets: Sequence[Asset], current: Key | None = None, states: Mapping[Key, str] | None = None) -> None:
    """Show assets with the lines between them; a click on a table opens its page."""

    def link(asset: Asset) -> str:
        return address(asset.table, "Lineage") if asset.table else ""

    box = ui.html(drawing.svg(assets, link, current, states), sanitize=False).classes("lineage-box")
    box.props('tabindex="0" role="region" aria-label="Lineage"')
