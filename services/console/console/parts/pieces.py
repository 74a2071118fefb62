"""The pieces that several pages use. Each takes data as text: nothing here can become HTML."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from nicegui import ui

from console.clients.calls import ServiceError
from console.logic import times

KINDS = {
    "good": ("success", "succeeded", "synced", "passed", "fresh", "healthy", "ok", "done", "active"),
    "bad": ("failure", "failed", "error", "stale", "down", "canceled", "cancelled"),
    "busy": (
        "running",
        "started",
        "starting",
        "queued",
        "not_started",
        "canceling",
        "loading",
    ),
    "warn": ("warn", "warning", "late", "paused", "inactive", "changed", "incomplete"),
}
"""The look of a state, by the words of Airbyte, Dagster and dbt. Any other word is neutral."""
LOOKS = {word: kind for kind, words in KINDS.items() for word in words}
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})
"""NiceGUI reads a prop as a Python string in one line."""


@contextmanager
def heading(title: str, subtitle: str = "") -> Iterator[None]:
    """Show the page's title; the block adds the actions at its right."""
    with ui.element("div").classes("heading"):
        with ui.element("div").classes("heading-text"):
            text(title, "h1")
            if subtitle:
                text(subtitle, "p").classes("muted")
        with ui.element("div").classes("actions"):
            yield


@contextmanager
def card(title: str = "", subtitle: str = "") -> Iterator[ui.element]:
    """A box with a title; the block adds its content."""
    with ui.element("section").classes("card") as box:
        if title:
            with ui.element("div").classes("card-head"):
                text(title, "h2")
                if subtitle:
                    text(subtitle, "span").classes("muted")
        yield box


def text(words: str, tag: str = "span") -> ui.element:
    """Show words as they are, in an element of this HTML tag."""
    return Text(words, tag)


class Text(ui.label):
    """A label with another tag than <div>."""

    def __init__(self, words: str, tag: str) -> None:
        super().__init__(words)
        self.tag = tag


def props(**values: Any) -> str:
    """Return values as props, quoted so that a value cannot become another prop."""
    escaped = {name: str(value).translate(ESCAPES) for name, value in values.items()}
    return " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in escaped.items())


def mono(words: str) -> ui.element:
    """Show a name, a path or SQL in monospace."""
    return text(words, "code").classes("mono")


def chip(state: str, label: str = "") -> ui.element:
    """Show a state by colour and word; `label` replaces the word."""
    kind = LOOKS.get(state.lower(), "neutral")
    shown = label or state.replace("_", " ").lower()
    return text(shown).classes(f"chip chip-{kind}")


def link(words: str, address: str, *, new_tab: bool = False) -> ui.element:
    """Show a link to a page of the console or to another service."""
    shown = text(words, "a").classes("link").props(props(href=_safe(address)))
    return shown.props('target="_blank" rel="noopener"') if new_tab else shown


def when(moment: datetime | None, zone: ZoneInfo) -> ui.element:
    """Show how long ago a time is; the exact time in the user's zone is its tooltip."""
    if moment is None:
        return text("never").classes("muted")
    shown = text(times.ago(moment), "time").props(props(datetime=moment.isoformat(), title=times.full(moment, zone)))
    return shown.classes("nowrap")


def empty(title: str, next_step: str, icon: str = "o_inbox") -> None:
    """Say that there is nothing yet, and what to do."""
    with ui.element("div").classes("empty"):
        ui.icon(icon).props('aria-hidden="true"')
        text(title, "p").classes("empty-title")
        text(next_step, "p").classes("muted")


def error(problem: ServiceError, retry: Callable[[], Awaitable[None]] | None = None) -> None:
    """Show what failed, and the next command."""
    with ui.element("div").classes("error-card").props('role="alert"'):
        ui.icon("o_error_outline").props('aria-hidden="true"')
        with ui.element("div").classes("error-text"):
            text(f"{problem.service}: {problem.what}", "p")
            if problem.remedy:
                command(problem.remedy)
        if retry:
            quiet_button("Try again", retry)


def command(line: str) -> None:
    """Show a command (or a sentence that says what to do); a command can be copied."""
    with ui.element("div").classes("command"):
        if not line.startswith("make "):
            text(line)
            return
        mono(line)
        copy(line)


def copy(content: str) -> ui.button:
    """Show a button that copies a text."""

    def put() -> None:
        ui.clipboard.write(content)
        ui.notify("Copied", position="bottom", timeout=1500)

    return icon_button("o_content_copy", "Copy", put)


def button(label: str, action: Callable[[], Awaitable[None] | None], icon: str = "") -> ui.button:
    """Show the page's main action."""
    shown = ui.button(label, icon=icon or None, on_click=action, color=None)
    return shown.props("unelevated no-caps").classes("primary")


def quiet_button(label: str, action: Callable[[], Awaitable[None] | None], icon: str = "") -> ui.button:
    """Show an action of less weight."""
    shown = ui.button(label, icon=icon or None, on_click=action, color=None)
    return shown.props("outline no-caps").classes("quiet")


def icon_button(icon: str, label: str, action: Callable[[], Awaitable[None] | None] | None = None) -> ui.button:
    """Show an action as an icon; `label` is its name for screen readers and its tooltip."""
    shown = ui.button(icon=icon, on_click=action, color=None)
    return shown.props("flat round dense").props(props(aria_label=label, title=label))


async def confirm(title: str, consequence: str, action: str, *, danger: bool = False) -> bool:
    """Ask before something happens: `consequence` says what will happen, `action` is the button. Return the answer."""
    with ui.dialog() as dialog, ui.element("div").classes("dialog-card"):
        dialog.props(props(role="alertdialog", aria_label=title))
        text(title, "h2")
        text(consequence, "p")
        with ui.element("div").classes("dialog-actions"):
            quiet_button("Cancel", lambda: dialog.submit(False)).props("autofocus")
            agree = button(action, lambda: dialog.submit(True))
            if danger:
                agree.classes("danger")
    return bool(await answer(dialog))


async def answer(dialog: ui.dialog) -> Any:
    """Wait for the answer of an open dialog, and remove the dialog. None if it was closed, or its page left."""
    given = await dialog
    if not dialog.is_deleted:
        dialog.delete()
    return given


def told(message: str, *, bad: bool = False) -> None:
    """Show the outcome of an action for a few seconds."""
    ui.notify(message, type="negative" if bad else "positive", position="bottom-right", multi_line=True)


def failed(problem: ServiceError) -> None:
    """Show for a few seconds what failed, and the next command."""
    told(problem.sentence, bad=True)


def row() -> ui.element:
    """A line of pieces, which wraps where the screen is narrow."""
    return ui.element("div").classes("line")


def block_link(address: str) -> ui.element:
    """A link around several pieces."""
    return ui.element("a").props(props(href=_safe(address)))


def link_button(label: str, address: str, icon: str = "", *, new_tab: bool = True) -> ui.element:
    """Show a link as a button."""
    shown = ui.button(label, icon=icon or None, color=None).props("outline no-caps").classes("quiet")
    shown.props(props(href=_safe(address)))
    return shown.props('target="_blank" rel="noopener"') if new_tab else shown


def _safe(address: str) -> str:
    """Return an address that cannot run a script: a path of the console, or http(s)."""
    is_path = address.startswith("/") and not address.startswith("//")
    return address if is_path or address.startswith(("http://", "https://")) else "/"
