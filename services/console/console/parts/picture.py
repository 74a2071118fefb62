"""A graph in columns: boxes with a name, a state and facts, and lines from each box to what is made from it.

On a narrow screen the columns stand below each other, without lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nicegui import ui

from console.parts import pieces

HEIGHT, GAP = 54, 14
"""Pixels: of a box, and between two boxes. The style sheet has the same height."""
SHARE = 0.82
"""The share of a column's width that its boxes take; the rest is for the lines."""


@dataclass(frozen=True)
class Box:
    """One box of the graph."""

    key: str
    title: str
    facts: str
    state: str
    address: str = ""
    upstream: list[str] = field(default_factory=list)
    hint: str = ""


def show(titles: Sequence[str], columns: Sequence[Sequence[Box]]) -> None:
    """Draw the graph."""
    tallest = max((len(column) for column in columns), default=0)
    height = tallest * (HEIGHT + GAP) - GAP
    with ui.element("div").classes("picture").style(f"--columns: {len(columns)}; --height: {height}px"):
        with ui.element("div").classes("picture-lines").props('aria-hidden="true"'):
            _lines(columns, height)
        for before, title, column in zip(["", *titles], titles, columns, strict=False):
            with ui.element("div").classes("picture-column"):
                pieces.text(title if title != before else "", "h3").classes("picture-title muted")
                with ui.element("div").classes("picture-boxes"):
                    for box in column:
                        _box(box)


def _box(box: Box) -> None:
    with pieces.block_link(box.address).classes(f"picture-box state-{box.state}") as shown:
        shown.props(pieces.props(title=box.hint))
        with ui.element("div").classes("picture-name"):
            ui.element("span").classes("dot").props('aria-hidden="true"')
            pieces.text(box.title).classes("ellipsis")
        words = "" if box.state in ("done", "none") else f"{box.state} · "
        pieces.text(f"{words}{box.facts}").classes("picture-facts ellipsis")


def _lines(columns: Sequence[Sequence[Box]], height: int) -> None:
    """Draw the lines in an SVG of 1000 units width, which is stretched to the columns."""
    width = 1000 / max(len(columns), 1)
    places = {
        box.key: (column * width, _top(row, len(boxes), height) + HEIGHT / 2)
        for column, boxes in enumerate(columns)
        for row, box in enumerate(boxes)
    }
    frame = pieces.props(viewBox=f"0 0 1000 {max(height, 1)}", preserveAspectRatio="none")
    with ui.element("svg").props(frame):
        for boxes in columns:
            for box in boxes:
                for source in box.upstream:
                    if source in places:
                        (left, up), (right, down) = places[source], places[box.key]
                        start = left + width * SHARE
                        bend = (right - start) / 2
                        curve = (start + bend, up, right - bend, down, right, down)
                        path = f"M {start:.1f} {up:.1f} C {' '.join(f'{at:.1f}' for at in curve)}"
                        ui.element("path").props(pieces.props(d=path))


def _top(row: int, rows: int, height: int) -> float:
    """Return the upper edge of a box: a column is in the middle of the picture's height."""
    own = rows * (HEIGHT + GAP) - GAP
    return (height - own) / 2 + row * (HEIGHT + GAP)
