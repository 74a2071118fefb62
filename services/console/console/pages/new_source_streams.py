"""The streams of a new source: which to load and how, and the texts that this makes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nicegui import ui

from console.logic.airbyte import new_source
from console.logic.airbyte.connection import Stream
from console.logic.airbyte.declared import Declared
from console.logic.airbyte.new_source import Connector, Texts
from console.parts import pieces
from console.parts.diff import diff
from source_texts.errors import SourceError

CHOSEN_AT_FIRST = 5
"""With more streams than this, none is chosen at first."""
SHOWN = 200
"""Streams in the list; a filter finds the others."""


class Streams:
    """The choice of streams, and the texts below it."""

    def __init__(
        self, name: str, connector: Connector, configuration: dict[str, Any], found: list[Stream], in_file: Declared
    ) -> None:
        """Show the streams that were found."""
        self._name, self._connector, self._configuration, self._in_file = name, connector, configuration, in_file
        self._found = {one.name: replace(one, sync_mode=new_source.modes(one)[0]) for one in found}
        self._chosen = {*self._found} if len(found) <= CHOSEN_AT_FIRST else set[str]()
        self._prefix, self._filter = "", ""
        with pieces.card("Streams", "Each becomes a table."):
            with ui.element("div").classes("filters"):
                if len(found) > CHOSEN_AT_FIRST:
                    search = ui.input(placeholder="Filter", on_change=self._filtered)
                    search.props('outlined dense clearable debounce=150 aria-label="Filter the streams"').classes(
                        "grow"
                    )
                prefix = ui.input(label="Prefix of the tables", on_change=self._prefixed)
                prefix.props('outlined dense aria-label="Prefix of the tables"')
            self._list = ui.element("div").classes("streams")
        self._texts = ui.element("div").classes("page-stack")
        self._draw_list()
        self._draw_texts()

    def _filtered(self, event: object) -> None:
        self._filter = str(getattr(event, "value", "") or "").lower()
        self._draw_list()

    def _prefixed(self, event: object) -> None:
        self._prefix = str(getattr(event, "value", "") or "")
        self._draw_texts()

    def _draw_list(self) -> None:
        self._list.clear()
        matching = [one for one in self._found.values() if self._filter in one.name.lower()]
        with self._list:
            for one in matching[:SHOWN]:
                self._stream(one)
            if len(matching) > SHOWN:
                pieces.text(f"{len(matching) - SHOWN} more: use the filter.", "p").classes("muted")

    def _stream(self, one: Stream) -> None:
        def choose(event: object) -> None:
            (self._chosen.add if getattr(event, "value", False) else self._chosen.discard)(one.name)
            self._draw_texts()

        def mode(event: object) -> None:
            self._found[one.name] = replace(self._found[one.name], sync_mode=str(getattr(event, "value", "")))
            self._draw_texts()

        with pieces.row():
            box = ui.checkbox(value=one.name in self._chosen, on_change=choose)
            box.props(pieces.props(aria_label=f"Load {one.name}"))
            pieces.text(one.name).classes("strong break")
            key = ", ".join(".".join(path) for path in one.primary_key)
            pieces.text(f"{len(one.columns)} columns" + (f", key {key}" if key else "")).classes("muted grow")
            select = ui.select(new_source.modes(one), value=one.sync_mode, on_change=mode)
            select.props("outlined dense options-dense").props(pieces.props(aria_label=f"Sync mode of {one.name}"))

    def _draw_texts(self) -> None:
        self._texts.clear()
        streams = [one for one in self._found.values() if one.name in self._chosen]
        with self._texts:
            if not streams:
                pieces.empty("No stream is chosen", "Choose at least one stream to get the block.", "o_checklist")
                return
            try:
                made = new_source.texts(
                    self._name, self._connector, self._configuration, streams, self._prefix, self._in_file
                )
            except SourceError as error:
                pieces.text(str(error), "p").classes("field-mistake")
                return
            self._show(made)

    def _show(self, made: Texts) -> None:
        with pieces.card("Block for connections.yaml", "Put it at the end of connections."):
            _text(made.block)
            if made.diff:
                pieces.quiet_button("Show the change of the file", lambda: _dialog(made.diff), "o_difference")
        if made.variables:
            with pieces.card("Secrets", "Put these lines into connections.env (chmod 600), with the values."):
                _text("".join(f"{name}='…'\n" for name in made.variables))
        for path, content in made.files.items():
            with pieces.card(path):
                _text(content)
        with pieces.card("Then"):
            pieces.command("make plan")
            pieces.command("make apply")


def _text(content: str) -> None:
    with ui.element("div").classes("copied"):
        pieces.text(content, "pre").classes("code").props('tabindex=0 role="group" aria-label="Text to copy"')
        pieces.copy(content)


def _dialog(lines: list[str]) -> None:
    with ui.dialog() as dialog, ui.element("div").classes("dialog-card big"):
        dialog.props('aria-label="The change of connections.yaml"')
        pieces.text("The change of connections.yaml", "h2")
        diff(lines)
        with ui.element("div").classes("dialog-actions"):
            pieces.quiet_button("Close", dialog.close)
    dialog.on("hide", dialog.delete)
    dialog.open()
