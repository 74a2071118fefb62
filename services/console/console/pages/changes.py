"""Changes: what make apply would do, as a diff. Nothing is applied here: the file is the truth."""

from __future__ import annotations

from nicegui import ui

from airbyte_as_code.change import Action
from airbyte_as_code.overview import Item, Overview
from console.logic.airbyte import plan
from console.parts import pieces
from console.parts.diff import diff
from console.parts.frame import Page, Visit
from console.parts.loading import loaded

SIGNS = {Action.CREATE: "good", Action.UPDATE: "busy", Action.REPLACE: "warn", Action.DELETE: "bad"}


def show(visit: Visit) -> None:
    """Build the page."""
    with pieces.heading("Changes", "What connections.yaml declares, against what Airbyte has."):
        again = pieces.quiet_button("Compare again", lambda: part.refresh(), "o_refresh")
        again.props('aria-label="Compare again"')
    platform = visit.platform
    part = loaded(lambda: plan.planned(platform.airbyte, platform.settings), _plan, lines=8, retry=False)


def _plan(found: Overview) -> None:
    with ui.element("div").classes("stack"):
        with pieces.card():
            pieces.text(plan.summary(found), "p").classes("strong")
            if found.is_being_applied:
                pieces.text("make apply runs now: compare again when it has ended.", "p").classes("muted")
            if found.differences:
                pieces.command("make apply")
            if any(item.needs_consent for item in found.differences):
                pieces.text(
                    "Plain apply leaves what would delete an object or lose a sync state. This command makes these "
                    "changes too, and asks first:",
                    "p",
                ).classes("muted")
                pieces.command("make apply o=--prune")
        for item in found.differences:
            _item(item)
        same = [item for item in found.items if item.action is Action.UNCHANGED]
        if same:
            with ui.expansion(f"{len(same)} objects are as declared").classes("card optional"):
                for item in same:
                    with pieces.row():
                        pieces.text(item.kind).classes("muted")
                        pieces.text(item.name)


def _item(item: Item) -> None:
    with pieces.card():
        with pieces.row():
            pieces.text(item.action).classes(f"chip chip-{SIGNS.get(item.action, 'neutral')}")
            pieces.text(item.kind).classes("muted")
            pieces.text(item.name).classes("strong grow break")
            if item.where:
                path, _, line = item.where.rpartition(":")
                pieces.text(f"{path.rpartition('/')[2]}:{line}").classes("muted")
        pieces.text(f"The {item.kind} {plan.WORDS[item.action]}.", "p").classes("muted")
        if item.needs_consent:
            pieces.text("Some or all of these changes need: make apply o=--prune", "p").classes("field-mistake")
        for note in plan.notes(item):
            pieces.text(note, "p").classes("break")
        lines = [*plan.diff_lines(item)]
        if lines:
            diff(lines)


PAGE = Page("/changes", "Changes", show, icon="o_difference")
