"""The graph of files and tables as a picture. Home shows all of them; the lineage shows a part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nicegui import ui

from console.logic import drawing
from console.logic.assets import Asset, Key
from console.logic.drawing import Box
from console.parts.tables import address

STORES = ("bigquery", "s3")
"""Kinds that name an asset's storage, not the program that makes it."""


def show(boxes: Sequence[Box], label: str, current: Key | None = None, *, titled: bool = False) -> None:
    """Draw the graph; see console.logic.drawing. `label` names it for screen readers."""
    shown = ui.html(drawing.html(boxes, current, titled=titled), sanitize=False).classes("picture-frame")
    shown.props(f'tabindex="0" role="region" aria-label="{label}"')


def lineage(assets: Sequence[Asset], current: Key | None = None, states: Mapping[Key, str] | None = None) -> None:
    """Draw assets with the lines between them; a click on a table opens its page."""
    show([_box(asset, states or {}) for asset in assets], "Lineage", current)


def _box(asset: Asset, states: Mapping[Key, str]) -> Box:
    made_by = next((kind for kind in asset.kinds if kind not in STORES), "")
    return Box(
        asset.key,
        asset.name,
        " · ".join(filter(None, (asset.group, made_by))),
        states.get(asset.key, ""),
        asset.group,
        address(asset.table, "Lineage") if asset.table else "",
        "/".join(asset.key),
        asset.parents,
        is_file=not asset.table,
    )
