"""A graph as a picture: each file or table is a box in the column of its depth, and lines lead from left to right.

The picture is HTML text. Every name in it is escaped. The style sheet knows the same sizes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from console.logic.assets import Key

HEIGHT, GAP = 58, 14  # pixels
COLUMN, BOX = 100, 82
"""The widths of a column and of its boxes, in the units of the lines' picture, which is stretched to the columns."""
SILENT = ("", "none", "done")
"""States that the colour alone tells. Any other is also a word in the box."""

type Slot = tuple[Key, Key | None]
"""A place in a column: of a box; or, with the child's key, of a line that passes by on its way to that child."""


@dataclass(frozen=True)
class Box:
    """A file or a table in the picture."""

    key: Key
    title: str
    facts: str = ""
    state: str = ""
    """none, done, running, late, warning or failed: the colour of a dot. Empty: no dot."""
    group: str = ""
    """A column has the groups of its boxes as its title."""
    address: str = ""
    hint: str = ""
    parents: tuple[Key, ...] = ()
    is_file: bool = False


def ranks(boxes: Sequence[Box]) -> dict[Key, int]:
    """Return the column of each box: right of all its parents; a table that has no file stands right of the files."""
    present = {box.key: box for box in boxes}
    tables_at = 1 if any(box.is_file for box in boxes) else 0
    found: dict[Key, int] = {}

    # A stack instead of recursion: a chain may be longer than Python's limit.
    stack = [box.key for box in reversed(boxes)]
    begun: set[Key] = set()
    """Boxes whose parents are looked at now: in a circle, such a box is no parent."""
    while stack:
        key = stack[-1]
        if key in found:
            stack.pop()
            continue
        begun.add(key)
        parents = [each for each in present[key].parents if each in present and each not in begun]
        if unknown := [each for each in parents if each not in found]:
            stack.extend(reversed(unknown))
        else:
            least = 0 if present[key].is_file else tables_at
            found[key] = max((1 + found[each] for each in parents), default=least)
            begun.discard(key)
    return found


def columns(boxes: Sequence[Box]) -> list[list[Slot]]:
    """Return the slots of each column, from above to below, in the order of what they are made from."""
    depth = ranks(boxes)
    found: list[dict[Slot, list[Slot]]] = [{} for _ in range(max(depth.values(), default=-1) + 1)]
    for box in sorted(boxes, key=lambda each: (each.group, each.key)):
        own = found[depth[box.key]].setdefault((box.key, None), [])
        for parent in _parents(box, depth):
            path = _path(parent, box.key, depth)
            for at in range(1, len(path) - 1):
                found[depth[parent] + at][path[at]] = [path[at - 1]]
            own.append(path[-2])
    rows: dict[Slot, int] = {}
    ordered = []
    for slots in found:
        before = {slot: [rows[each] for each in sources if each in rows] for slot, sources in slots.items()}
        order = sorted(slots, key=lambda slot: _mean(before[slot]))
        rows = {slot: row for row, slot in enumerate(order)}
        ordered.append(order)
    return ordered


def html(boxes: Sequence[Box], current: Key | None = None, *, titled: bool = False) -> str:
    """Return the picture. The lines of the box `current` are marked; `titled`: with the groups above the columns."""
    placed, depth = columns(boxes), ranks(boxes)
    tallest = max((len(column) for column in placed), default=0)
    height = max(0, tallest * (HEIGHT + GAP) - GAP)
    by_key = {box.key: box for box in boxes}
    shown, before = [], ""
    for column in placed:
        title = _title(by_key[key] for key, child in column if child is None)
        tag = "h3" if title != before else "div"
        head = f'<{tag} class="picture-title">{escape(title) if tag == "h3" else ""}</{tag}>' if titled else ""
        inner = "".join(
            '<span class="picture-gap"></span>' if child else _box(by_key[key], is_current=key == current)
            for key, child in column
        )
        shown.append(f'<div class="picture-column">{head}<div class="picture-boxes">{inner}</div></div>')
        before = title
    return (
        f'<div class="picture{" titled" if titled else ""}" style="--columns: {len(placed)}; --height: {height}px">'
        f"{_lines(boxes, placed, depth, height, current)}{''.join(shown)}</div>"
    )


def _title(boxes: Iterable[Box]) -> str:
    return ", ".join(filter(None, dict.fromkeys(box.group for box in boxes)))


def _mean(rows: Sequence[int]) -> float:
    return sum(rows) / len(rows) if rows else float("inf")


def _parents(box: Box, depth: Mapping[Key, int]) -> list[Key]:
    """Return the parents from which a line leads to a box. In a circle, one line is left out."""
    return [parent for parent in box.parents if depth.get(parent, len(depth)) < depth[box.key]]


def _path(parent: Key, child: Key, depth: Mapping[Key, int]) -> list[Slot]:
    """Return the slots of a line from a parent to a child, one in each column."""
    between: list[Slot] = [(parent, child)] * (depth[child] - depth[parent] - 1)
    return [(parent, None), *between, (child, None)]


def _lines(
    boxes: Sequence[Box], placed: Sequence[Sequence[Slot]], depth: Mapping[Key, int], height: int, current: Key | None
) -> str:
    at = [_middles(column, height) for column in placed]
    paths = []
    for box in boxes:
        for parent in _parents(box, depth):
            slots = _path(parent, box.key, depth)
            corners = [(depth[parent] + step, at[depth[parent] + step][slot]) for step, slot in enumerate(slots)]
            paths.append(_line(corners, is_near=current in (parent, box.key)))
    frame = f'viewBox="0 0 {COLUMN * len(placed)} {max(height, 1)}" preserveAspectRatio="none"'
    return f'<div class="picture-lines" aria-hidden="true"><svg {frame}>{"".join(paths)}</svg></div>'


def _middles(column: Sequence[Slot], height: int) -> dict[Slot, float]:
    """Return the vertical middle of each slot: a column stands in the middle of the picture's height."""
    top = (height - len(column) * (HEIGHT + GAP) + GAP) / 2
    return {slot: top + row * (HEIGHT + GAP) + HEIGHT / 2 for row, slot in enumerate(column)}


def _line(corners: Sequence[tuple[int, float]], *, is_near: bool) -> str:
    """Return a line from the right of its first slot, along the slots between, to the left of its last."""
    steps = [f"M{corners[0][0] * COLUMN + BOX},{corners[0][1]:g}"]
    for (column, up), (_, down) in pairwise(corners):
        start, end = column * COLUMN + BOX, (column + 1) * COLUMN
        bend = (start + end) // 2
        steps.append(f"L{start},{up:g} C{bend},{up:g} {bend},{down:g} {end},{down:g}")
    return f'<path{" class=near" if is_near else ""} d="{" ".join(steps)}"/>'


def _breakable(name: str) -> str:
    """Return a name that is broken after an underscore or a hyphen where it is too long for a line."""
    return re.sub(r"([_-])", r"\1<wbr>", escape(name))


def _box(box: Box, *, is_current: bool) -> str:
    dot = '<span class="dot" aria-hidden="true"></span>' if box.state else ""
    facts = box.facts if box.state in SILENT else f"{box.state} · {box.facts}"
    content = (
        f'<span class="picture-name">{dot}<span>{_breakable(box.title)}</span></span>'
        f'<span class="picture-facts ellipsis">{escape(facts)}</span>'
    )
    kind = f"picture-box state-{escape(box.state)}{' current' if is_current else ''}"
    hint = escape(box.hint or box.title)
    if not box.address:
        return f'<div class="{kind}" title="{hint}">{content}</div>'
    return f'<a class="{kind}" title="{hint}" href="{escape(box.address)}">{content}</a>'
