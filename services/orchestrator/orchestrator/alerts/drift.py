"""The sensor `airbyte_drift`: checks whether Airbyte still holds what connections.yaml declares.

The differences are in the sensor's cursor. The sensor `alerts` reports them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.alerts.incidents import Book, Observation
from orchestrator.settings import Settings

if TYPE_CHECKING:
    from airbyte_as_code.overview import Item

NAME = "airbyte_drift"
CONFIRM_SECONDS = 60
"""A difference is reported if a second look after this time finds one too: connections.yaml may be about to be
applied.
"""
SHOWN = 10
"""The number of objects in the text of an alert."""


class Drift(BaseModel):
    """What the looks have found: the sensor's cursor, as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    looked_at: float = 0.0
    since: float | None = None
    """The time of the first look since which every look has found differences; None without differences."""
    objects: list[str] = []
    """The kind and the name of each object that differs."""
    text: str = ""

    @classmethod
    def read(cls, cursor: str | None) -> Drift:
        """Return what a cursor says; nothing was found if it is absent or not readable."""
        try:
            return cls.model_validate_json(cursor) if cursor else cls()
        except ValidationError:
            return cls()

    @property
    def is_confirmed(self) -> bool:
        """Whether two looks have found differences."""
        return self.since is not None and self.looked_at - self.since >= CONFIRM_SECONDS / 2

    def is_due(self, now: float, seconds: float) -> bool:
        """Return whether it is time for the next look. While Airbyte differs, there is a look at each tick."""
        return self.since is not None or not self.looked_at <= now < self.looked_at + seconds

    def after(self, objects: list[str], text: str, now: float) -> Drift:
        """Return what is known after a look."""
        since = (now if self.since is None else self.since) if objects else None
        return Drift(looked_at=now, since=since, objects=objects, text=text)


def airbyte_drift(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor. Its page in Dagster shows what its last look has found."""
    seconds = settings.drift_sensor_seconds

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=min(CONFIRM_SECONDS, seconds) if seconds else CONFIRM_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if seconds else dg.DefaultSensorStatus.STOPPED,
        description="Compares Airbyte with connections.yaml, as make plan does. The sensor alerts tells what differs.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        current, now = Settings.read(), time.time()
        before = Drift.read(context.cursor)
        if not before.is_due(now, current.drift_sensor_seconds):
            return dg.SensorResult(skip_reason=_said(before), cursor=context.cursor)
        found = look(current, before, now)
        if isinstance(found, str):
            return dg.SensorResult(skip_reason=found, cursor=context.cursor)
        return dg.SensorResult(skip_reason=_said(found), cursor=found.model_dump_json())

    return sensor


def look(settings: Settings, before: Drift, now: float) -> Drift | str:
    """Compare once; return what is known now, or why nothing is known. Raises Failure if Airbyte does not answer."""
    # Imported here: the client takes 0.2 s to import, and no run needs it.
    from airbyte_as_code.errors import UserError
    from airbyte_as_code.overview import overview
    from airbyte_as_code.state import State
    from connections_file import ConnectionsFileError

    folder = settings.state_directory
    try:
        if not State(folder).path.exists():
            return f"Nothing was applied yet, or not from here: {folder} (BOOTSTRAP_STATE_DIR) has no state.json."
        found = overview(settings, settings.connections_file, folder, connectors=settings.connectors, notes=False)
    except (UserError, ConnectionsFileError) as error:
        raise dg.Failure(f"Airbyte could not be compared with connections.yaml: {error}") from error
    if found.is_being_applied:
        return "connections.yaml is being applied."
    return before.after([f"{item.kind} {item.name}" for item in found.differences], _text(found.differences), now)


def observe(instance: dg.DagsterInstance, book: Book) -> Observation:
    """Return the differences that the sensor has found: each is a symptom until Airbyte has no difference in it.

    Without a look of a running sensor, nothing is known to be right.
    """
    states = [state for state in instance.all_instigator_state() if state.instigator_name == NAME and state.is_running]
    data = [state.sensor_instigator_data for state in states]
    found = [drift for each in data if each and (drift := Drift.read(each.cursor)).looked_at]
    confirmed = [drift for drift in found if drift.is_confirmed]
    wrong = [f"drift {name}" for drift in confirmed for name in drift.objects]
    names = (name for incident in book.incidents.values() for name in incident.open)
    right = [name for name in names if found and name.startswith("drift ") and name not in wrong]
    subject = "Airbyte is not as connections.yaml declares"
    return Observation(subject=subject, wrong=wrong, right=right, text="\n".join(drift.text for drift in confirmed))


def _text(differences: list[Item]) -> str:
    if not differences:
        return ""
    lines = [f"{item.action} {item.kind} {item.name}: {'; '.join(item.details)}".rstrip(": ") for item in differences]
    if len(lines) > SHOWN:
        lines = [*lines[:SHOWN], f"and {len(lines) - SHOWN} more"]
    remedy = "make apply o=--prune" if any(item.needs_consent for item in differences) else "make apply"
    return "\n".join(
        [
            "Somebody has changed Airbyte by hand, or connections.yaml was changed and not applied. Apply would:",
            *lines,
            "To see it: make plan.",
            f"To make Airbyte as declared: {remedy} (on Docker, after a change of the file: make up).",
        ]
    )


def _said(drift: Drift) -> str:
    return f"differs: {', '.join(drift.objects)}" if drift.objects else "Airbyte is as connections.yaml declares."
