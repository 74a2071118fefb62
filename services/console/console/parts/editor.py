"""The SQL editor: NiceGUI's CodeMirror with GoogleSQL's words, completion and the selection (static/sql_editor.js)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from console.logic.sql.statements import Chosen, Place, chosen
from console.logic.sql.words import Offer, vocabulary

MODULE = "/static/sql_editor.js"
ANSWER_SECONDS = 5.0


class Editor:
    """An editor for one text. `run` is called with Ctrl+Enter (on a Mac also Cmd+Enter)."""

    def __init__(self, sql: str, run: Callable[[], Awaitable[None]], label: str = "SQL") -> None:
        """Show the text."""
        keys: dict[str, Any] = {"Mod-Enter": run, "Ctrl-Enter": run}
        self._element = ui.codemirror(sql, keymap=keys, line_wrapping=True, indent="  ").classes("sql-editor")
        self._script("attach", label, vocabulary())

    @property
    def text(self) -> str:
        """The whole text."""
        return str(self._element.value)

    def set_text(self, sql: str) -> None:
        """Replace the text."""
        self.mark(None)
        self._element.set_value(sql)

    def insert(self, text: str) -> None:
        """Put a text at the cursor, in the place of the selection."""
        self._script("insert", text)

    def offer(self, offers: list[Offer]) -> None:
        """Set what is completed."""
        ui.run_javascript(f"import({json.dumps(MODULE)}).then(editor => editor.offer({_literal(offers)}))")

    async def selected(self) -> Chosen:
        """Return the selection, or else the whole text. Raises TimeoutError if the browser does not answer."""
        text, start, end = await self._script("selection", seconds=ANSWER_SECONDS)
        return chosen(str(text), int(start), int(end))

    def mark(self, place: Place | None) -> None:
        """Mark the line of an error and show it; None removes the mark."""
        lines = self.text.count("\n") + 1
        if place is None or place.line > lines:
            self._element.decorations = []
            return
        self._element.decorations = [{"kind": "line", "line": place.line, "class": "error-line"}]
        self._element.reveal_line(place.line)

    def _script(self, function: str, *arguments: Any, seconds: float = 1.0) -> Any:
        values = ", ".join(_literal(each) for each in (self._element.id, *arguments))
        code = f"import({json.dumps(MODULE)}).then(editor => editor.{function}({values}))"
        return ui.run_javascript(code, timeout=seconds)


def _literal(value: Any) -> str:
    """Return a value as a literal of JavaScript."""
    return json.dumps(value).replace("<", "\\u003c")
