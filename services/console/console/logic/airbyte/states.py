"""The state of a connection, in Airbyte's words and in Airbyte's order."""

from __future__ import annotations

from enum import StrEnum

from console.logic.airbyte.jobs import Job


class State(StrEnum):
    """The states, the most urgent first."""

    RUNNING = "running"
    QUEUED = "queued"
    FAILED = "failed"
    PAUSED = "paused"
    PENDING = "pending"
    INCOMPLETE = "incomplete"
    SYNCED = "synced"


ORDER = {state: position for position, state in enumerate(State)}
MEANINGS = {
    State.RUNNING: "A job runs now.",
    State.QUEUED: "A job waits to be started.",
    State.FAILED: "The last sync failed, or the source's schema has a breaking change.",
    State.PAUSED: "The connection is inactive: it is not synced.",
    State.PENDING: "The connection has not been synced yet, or it was cleared.",
    State.INCOMPLETE: "The last sync ended before everything was loaded.",
    State.SYNCED: "The last sync succeeded.",
}


def state_of(status: str, job: Job | None, *, breaking: bool = False) -> State:
    """Return the state of a connection with this status (active, inactive) and this newest job."""
    if job is not None and job.status == "running":
        return State.RUNNING
    if job is not None and job.is_active:
        return State.QUEUED
    if status != "active":
        return State.PAUSED
    if breaking:
        return State.FAILED
    if job is None or (job.kind == "clear" and job.status == "succeeded"):
        return State.PENDING
    if job.status == "succeeded":
        return State.SYNCED
    return State.FAILED if job.status == "failed" else State.INCOMPLETE


def stream_state(whole: State, *, has_table: bool) -> State:
    """Return the state of one stream of a connection in this state.

    Airbyte knows the state of a whole connection only; a stream that was cleared alone has no table.
    """
    if whole not in (State.PENDING, State.SYNCED):
        return whole
    return State.SYNCED if has_table else State.PENDING
