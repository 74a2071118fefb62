"""The lineage as a picture: each asset is a box in the column of its depth, and lines lead from left to right.

The picture is SVG text. Every name in it is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from console.logic.assets import Asset, Key

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 208, 46, 64, 16, 8  # pixels
NAME_LENGTH = 27
"""Characters of a name that fit in a box."""

type Link = Callable[[Asset], str]


def ranks(assets: Sequence[Asset]) -> dict[Key, int]:
    """Return the column of each asset: one more than that of the last of its parents."""
    present = {asset.key: asset for asset in assets}
    found: dict[Key, int] = {}

    def rank(key: Key, above: frozenset[Key]) -> int:
        if key not in found:
            parents = [each for each in present[key].parents if each in present and each not in above]
            found[key] = 1 + max((rank(each, above | {key}) for each in parents), default=-1)
        return found[key]

    for asset in assets:
        rank(asset.key, frozenset())
    return found


def positions(assets: Sequence[Asset]) -> dict[Key, tuple[int, int]]:
    """Return the upper left corner of each asset's box. A column is ordered by the places of the parents."""
    columns: dict[int, list[Asset]] = {}
    depth = ranks(assets)
    for asset in sorted(assets, key=lambda each: each.key):
        columns.setdefault(depth[asset.key], []).append(asset)
    places: dict[Key, tuple[int, int]] = {}
    for number in sorted(columns):
        inside = columns[number]
        inside.sort(key=lambda asset: _middle(asset, places))
        for row, asset in enumerate(inside):
            places[asset.key] = (MARGIN + number * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y))
    return places


def svg(
    assets: Sequence[Asset], link: Link, current: Key | None = None, states: Mapping[Key, str] | None = None
) -> str:
    """Return the picture. `link` gives the address behind a box; `states` colours boxes: "bad", "warn", "good"."""
    places = positions(assets)
    width = max((x for x, _ in places.values()), default=0) + WIDTH + MARGIN
    height = max((y for _, y in places.values()), default=0) + HEIGHT + MARGIN
    lines = [
        _line(places[parent], places[asset.key], is_near=current in (parent, asset.key))
        for asset in assets
        for parent in asset.parents
        if parent in places
    ]
    boxes = [_box(asset, places[asset.key], link(asset), asset.key == current, (states or {})) for asset in assets]
    return (
        f'<svg class="lineage" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="group" '
        f'aria-label="Lineage">{"".join(lines)}{"".join(boxes)}</svg>'
    )


def _middle(asset: Asset, places: Mapping[Key, tuple[int, int]]) -> float:
    above = [places[parent][1] for parent in asset.parents if parent in places]
    return sum(above) / len(above) if above else 0.0


def _line(start: tuple[int, int], end: tuple[int, int], *, is_near: bool) -> str:
    x1, y1 = start[0] + WIDTH, start[1] + HEIGHT // 2
    x2, y2 = end[0], end[1] + HEIGHT // 2
    bend = (x1 + x2) // 2
    kind = "edge near" if is_near else "edge"
    return f'<path class="{kind}" d="M{x1},{y1} C{bend},{y1} {bend},{y2} {x2},{y2}"/>'


def _box(asset: Asset, place: tuple[int, int], address: str, is_current: bool, states: Mapping[Key, str]) -> str:
    x, y = place
    name = asset.name if len(asset.name) <= NAME_LENGTH else f"{asset.name[: NAME_LENGTH - 1]}…"
    kinds = ["node", *(["current"] if is_current else []), *([states[asset.key]] if asset.key in states else [])]
    whole = escape("/".join(asset.key))
    content = (
        f'<title>{whole}</title><rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="7"/>'
        f'<text class="name" x="{x + 12}" y="{y + 20}">{escape(name)}</text>'
        f'<text class="group" x="{x + 12}" y="{y + 36}">{escape(_subtitle(asset))}</text>'
    )
    group = f'<g class="{" ".join(kinds)}">{content}</g>'
    return f'<a href="{escape(address)}" aria-label="{whole}">{group}</a>' if address else group


def _subtitle(asset: Asset) -> str:
    kind = next((each for each in asset.kinds if each not in ("bigquery", "s3")), "")
    return " · ".join(filter(None, (asset.group, kind)))
