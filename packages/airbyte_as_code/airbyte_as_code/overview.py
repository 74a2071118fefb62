"""A plan as data, for programs that show it: whether Airbyte holds what connections.yaml declares. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from airbyte_as_code.access import Access
from airbyte_as_code.airbyte_client import AirbyteClient
from airbyte_as_code.change import Action, Change
from airbyte_as_code.pinning import differences, read_pins
from airbyte_as_code.plan import Plan, make_plan
from airbyte_as_code.render import detail_lines, field_text, plan_lines
from airbyte_as_code.state import State
from connections_file import load


@dataclass(frozen=True)
class Item:
    """The workspace, a connector or an object: what apply would do with it, and why."""

    kind: str
    """workspace, connector, source, destination or connection"""
    name: str
    action: Action
    details: list[str] = field(default_factory=list)
    """A line for each field that differs, each lost sync state and each note. The values of secrets are not shown."""
    where: str | None = None
    """File and line of the declaration: `<path of the file>:12`; None for a workspace, a connector, a deletion."""
    needs_consent: bool = False
    """Whether plain apply leaves some or all of it undone."""


@dataclass(frozen=True)
class Overview:
    """A plan: its objects, and its text."""

    items: list[Item]
    lines: list[str]
    """The text of `make plan`."""
    is_empty: bool
    """Whether Airbyte holds what the file declares."""
    is_being_applied: bool
    """Whether apply or destroy ran when the plan was made: the plan may show a state between two of its requests."""

    @property
    def differences(self) -> list[Item]:
        """The items that are not unchanged."""
        return [item for item in self.items if item.action is not Action.UNCHANGED]


def overview(
    access: Access,
    connections_file: Path,
    state_directory: Path,
    *,
    environment: Mapping[str, str] = os.environ,
    connectors: str = "",
    notes: bool = True,
    transport: httpx.BaseTransport | None = None,
) -> Overview:
    """Return what apply would do now. Sends only requests that read, and writes no file.

    The caller needs no secrets: a value whose variable is not set in `environment`, but may be for apply, is not
    compared. `state_directory` is apply's (BOOTSTRAP_STATE_DIR), `connectors` the versions to set
    (AIRBYTE_CONNECTORS). With `notes`, one more request for each connection asks what Airbyte has noticed of its
    source's schema. Raises UserError and ConnectionsFileError.
    """
    file = load(connections_file, environment)
    state = State(state_directory)
    was_locked = state.is_locked
    with AirbyteClient(access, transport) as client:
        pins = list(differences(client, read_pins(connectors)))
        plan = make_plan(client, file, state, adopt=False, elsewhere=state.variables, notes=notes)
    plan = replace(plan, connectors=pins)
    return Overview(list(_items(plan)), list(plan_lines(plan)), plan.is_empty, was_locked or state.is_locked)


def _items(plan: Plan) -> Iterator[Item]:
    yield Item("workspace", plan.workspace, plan.workspace_action, [*map(field_text, plan.workspace_fields)])
    for pin in plan.connectors:
        yield Item("connector", pin.connector, Action.UPDATE, [f"version: {pin.found} → {pin.wanted}"])
    yield from map(_item, plan.changes)


def _item(change: Change) -> Item:
    where = change.desired.where if change.desired else None
    return Item(change.kind, change.name, change.action, [*detail_lines(change)], where, change.needs_consent)
