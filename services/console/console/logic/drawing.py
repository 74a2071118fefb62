"""The lineage as a picture: each asset is a box in the column of its depth, and lines lead from left to right.

The picture is SVG text. Every name in it is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from itertools import pairwise

from console.logic.assets import Asset, Key

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 174, 44, 26, 14, 4  # pixels
NAME_LENGTH = 25
"""Characters of a name that fit in a box."""

type Link = Callable[[Asset], str]
type Point = tuple[int, int]
type Slot = tuple[Key, Key | None]
"""A place in a column: of an asset; or, with the child's key, of a line that passes by on its way to that child."""


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


def places(assets: Sequence[Asset]) -> dict[tuple[int, Slot], Point]:
    """Return the upper left corner of each slot, by column; in a column, slots are ordered by those before them."""
    depth = ranks(assets)
    columns: list[dict[Slot, list[Slot]]] = [{} for _ in range(max(depth.values(), default=-1) + 1)]
    for asset in sorted(assets, key=lambda each: each.key):
        own = columns[depth[asset.key]].setdefault((asset.key, None), [])
        for parent in asset.parents:
            if depth.get(parent, len(columns)) < depth[asset.key]:
                path = _path(parent, asset.key, depth)
                for at in range(1, len(path) - 1):
                    columns[depth[parent] + at][path[at]] = [path[at - 1]]
                own.append(path[-2])
    found: dict[tuple[int, Slot], Point] = {}
    for number, slots in enumerate(columns):
        above = {
            slot: [found[(number - 1, each)][1] for each in before if (number - 1, each) in found]
            for slot, before in slots.items()
        }
        ordered = sorted(slots, key=lambda slot: sum(above[slot]) / len(above[slot]) if above[slot] else 0.0)
        for row, slot in enumerate(ordered):
            found[(number, slot)] = (MARGIN + number * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y))
    return found


def svg(
    assets: Sequence[Asset], link: Link, current: Key | None = None, states: Mapping[Key, str] | None = None
) -> str:
    """Return the picture. `link` gives the address behind a box; `states` colours boxes: "bad" or "warn"."""
    depth, found = ranks(assets), places(assets)
    width = max((x for x, _ in found.values()), default=0) + WIDTH + MARGIN
    height = max((y for _, y in found.values()), default=0) + HEIGHT + MARGIN
    lines = [
        _line([found[(depth[parent] + at, slot)] for at, slot in enumerate(_path(parent, asset.key, depth))], is_near)
        for asset in assets
        for parent in asset.parents
        if depth.get(parent, len(depth)) < depth[asset.key]
        for is_near in [current in (parent, asset.key)]
    ]
    boxes = [
        _box(asset, found[(depth[asset.key], (asset.key, None))], link(asset), asset.key == current, states or {})
        for asset in assets
    ]
    return (
        f'<svg class="lineage" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="group" '
        f'aria-label="Lineage">{"".join(lines)}{"".join(boxes)}</svg>'
    )


def _path(parent: Key, child: Key, depth: Mapping[Key, int]) -> list[Slot]:
    """Return the slots of a line from a parent to a child, one in each column."""
    between: list[Slot] = [(parent, child)] * (depth[child] - depth[parent] - 1)
    return [(parent, None), *between, (child, None)]


def _line(corners: Sequence[Point], is_near: bool) -> str:
    steps = [f"M{corners[0][0] + WIDTH},{corners[0][1] + HEIGHT // 2}"]
    for (x1, y1), (x2, y2) in pairwise(corners):
        start, end, middle1, middle2 = x1 + WIDTH, x2, y1 + HEIGHT // 2, y2 + HEIGHT // 2
        bend = (start + end) // 2
        steps.append(f"L{start},{middle1} C{bend},{middle1} {bend},{middle2} {end},{middle2}")
    kind = "edge near" if is_near else "edge"
    return f'<path class="{kind}" d="{" ".join(steps)}"/>'


def _box(asset: Asset, place: Point, address: str, is_current: bool, states: Mapping[Key, str]) -> str:
    x, y = place
    name = asset.name if len(asset.name) <= NAME_LENGTH else f"{asset.name[: NAME_LENGTH - 1]}…"
    kinds = ["node", *(["current"] if is_current else []), *([states[asset.key]] if asset.key in states else [])]
    whole = escape("/".join(asset.key))
    content = (
        f'<title>{whole}</title><rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="7"/>'
        f'<text class="name" x="{x + 10}" y="{y + 19}">{escape(name)}</text>'
        f'<text class="group" x="{x + 10}" y="{y + 35}">{escape(_subtitle(asset))}</text>'
    )
    group = f'<g class="{" ".join(kinds)}">{content}</g>'
    return f'<a href="{escape(address)}" aria-label="{whole}">{group}</a>' if address else group


def _subtitle(asset: Asset) -> str:
    kind = next((each for each in asset.kinds if each not in ("bigquery", "s3")), "")
    return " · ".join(filter(None, (asset.group, kind)))
