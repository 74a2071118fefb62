"""Lines of a diff, green and red, and as words for a screen reader."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from console.parts import pieces

LOOKS = {"+": "diff-add", "-": "diff-remove"}


def diff(lines: Sequence[str]) -> None:
    """Show lines, each with ` `, `+` or `-` in front."""
    with ui.element("div").classes("code diff").props('tabindex=0 role="group" aria-label="Changed lines"'):
        for line in lines:
            marked = not line.startswith(("+++", "---"))
            pieces.text(line or " ", "div").classes(LOOKS.get(line[:1], "") if marked else "muted")
