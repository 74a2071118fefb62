"""The tabs Schema, State and Settings of a connection. They show only: the file is the truth."""

from __future__ import annotations

import json
from typing import Any

from nicegui import ui

from console.logic.airbyte import connection, drift
from console.logic.airbyte.connection import Column, Detail
from console.logic.airbyte.declared import Declared
from console.logic.airbyte.drift import Drift
from console.parts import pieces, table
from console.parts.diff import diff
from console.parts.frame import Visit
from console.parts.loading import loaded


def schema(visit: Visit, detail: Detail, in_file: Declared) -> None:
    """Show the columns of each stream, and what the source offers now as a diff."""
    box: ui.element

    async def look() -> Drift:
        now = await drift.discover(visit.platform.airbyte, detail.source.id)
        return drift.drift(detail, now, in_file)

    def compare() -> None:
        box.clear()
        box.set_visibility(True)
        with box, pieces.card("What the source offers now"):
            loaded(look, _drift, lines=3, retry=False)

    with ui.element("div").classes("about"):
        pieces.text("The connector can look at the source again: new columns, new streams, other types.").classes(
            "muted grow"
        )
        pieces.quiet_button("Compare with the source", compare, "o_compare_arrows")
    box = ui.element("div").classes("stack")
    box.set_visibility(False)
    for stream in detail.streams:
        key = ", ".join(".".join(path) for path in stream.primary_key) or "none"
        cursor = ".".join(stream.cursor) or "none"
        about = f"{stream.sync_mode} · key: {key} · cursor: {cursor}"
        with pieces.card(stream.name, about), table.opened(("Column", "Type", "Role")):
            for column in stream.columns:
                _column(column)


def _column(column: Column) -> None:
    roles = {"key": column.in_key, "cursor": column.is_cursor, "not loaded": not column.loaded}
    with ui.element("tr"):
        with ui.element("td"):
            pieces.mono(column.name)
        pieces.text(column.type, "td").classes("muted")
        pieces.text(", ".join(word for word, holds in roles.items() if holds), "td")


def _drift(found: Drift) -> None:
    if found.note:
        pieces.text(found.note, "p").classes("muted")
    if not found.changes:
        pieces.text("Nothing has changed: the source offers what the connection loads.", "p")
        return
    with ui.element("div").classes("stack"):
        for change in found.changes:
            pieces.text(change, "p").classes("break")
        if found.diff:
            pieces.text("Lines of connections.yaml to change", "h3")
            diff(found.diff)
        for line in found.commands:
            pieces.command(line)


def state(visit: Visit, detail: Detail) -> None:
    """Show the saved state, from which the next sync continues."""

    def show(found: dict[str, Any]) -> None:
        if found.get("stateType") == "not_set":
            pieces.empty("No saved state", "Every sync reads from the start, or none has run yet.", "o_bookmark_border")
            return
        for item in found.get("streamState") or []:
            with pieces.card(str((item.get("streamDescriptor") or {}).get("name", ""))):
                _json(item.get("streamState"))
        if "streamState" not in found:
            with pieces.card("The state of all streams"):
                _json(found.get("globalState") or found.get("state"))

    pieces.text("From this state the next sync continues. It is shown only; Clear removes it.", "p").classes("muted")
    loaded(lambda: connection.saved_state(visit.platform.airbyte, detail.id), show)


def settings(detail: Detail, in_file: Declared) -> None:
    """Show the settings, with masked secrets. They are changed in connections.yaml."""
    pieces.text("Settings are changed in connections.yaml, then: make apply. Secrets are masked.", "p").classes("muted")
    with pieces.card("Connection", in_file.words("connection", detail.name)):
        for title, value in (
            ("Status", detail.status),
            ("Schedule", detail.schedule),
            ("Prefix of the tables", detail.prefix or "none"),
            ("Id", detail.id),
        ):
            with pieces.row():
                pieces.text(title).classes("muted setting-name")
                pieces.text(value).classes("break")
    for end in (detail.source, detail.destination):
        with pieces.card(
            f"{end.kind.capitalize()} {end.name}", f"{end.connector} · {in_file.words(end.kind, end.name)}"
        ):
            _json(end.configuration)


def _json(value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    pieces.text(text, "pre").classes("code").props('tabindex=0 role="group" aria-label="Values"')
