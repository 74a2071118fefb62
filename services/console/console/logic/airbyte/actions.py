"""What can be done with a connection: what will happen, why it cannot be done now, and the requests."""

from __future__ import annotations

from dataclasses import dataclass

from console.clients.airbyte import Airbyte
from console.logic.airbyte.connection import Detail, Stream
from console.logic.airbyte.jobs import Job, read_job

CHECK_SECONDS = 120.0
"""A connector retries for a while when its source does not answer."""
START_SECONDS = 60.0


@dataclass(frozen=True)
class Action:
    """An action, its question before it, and the reason why it cannot be done now (empty: it can)."""

    title: str
    question: str
    refusal: str = ""
    danger: bool = False


def sync(found: Detail) -> Action:
    """Describe a sync."""
    streams = ", ".join(stream.name for stream in found.streams)
    return Action(
        "Sync now",
        f"{found.name} reads {streams} from {found.source.name} and loads {_tables(found, found.streams)}. Dagster "
        "does not know of this sync: the models are built from the new rows by Dagster's next run.",
        _busy(found) or _paused(found),
    )


def cancel(found: Detail) -> Action:
    """Describe the end of the running job."""
    job = found.active_job
    return Action(
        "Cancel",
        f"Job {job.id if job else ''} ends. A stream that is loaded already keeps its new rows and state; the tables "
        "and states of all other streams stay as they are.",
        "" if job else "No job runs.",
        danger=True,
    )


def clear(found: Detail, stream: Stream | None = None) -> Action:
    """Describe the clearing of one stream, or of all."""
    streams = [stream] if stream else found.streams
    several = len(streams) > 1
    return Action(
        f"Clear {stream.name}" if stream else "Clear all streams",
        f"Airbyte removes {_tables(found, streams)} with all rows and forgets the sync state of "
        f"{', '.join(one.name for one in streams)}. The next sync reads {'them' if several else 'it'} from the start. "
        "Until then, models that read the table fail.",
        _busy(found) or _paused(found),
        danger=True,
    )


def check(found: Detail) -> Action:
    """Describe the check of both ends."""
    return Action(
        "Check connection",
        f"The connector checks whether it reaches {found.source.name}, and Airbyte whether it can write to "
        f"{found.destination.name}. Nothing is loaded.",
    )


def _busy(found: Detail) -> str:
    job = found.active_job
    return f"Job {job.id} ({job.kind}) is {job.status}. Wait for its end, or cancel it." if job else ""


def _paused(found: Detail) -> str:
    if found.status == "active":
        return ""
    return (
        f"The connection is {found.status}. {found.reason} make apply sets it to what connections.yaml says.".replace(
            "  ", " "
        )
    )


def _tables(found: Detail, streams: list[Stream]) -> str:
    tables = [found.table(stream) for stream in streams]
    if not all(tables):
        return "the tables" if len(streams) > 1 else "the table"
    return f"the table{'s' * (len(tables) > 1)} {', '.join(tables)}"


async def start_sync(airbyte: Airbyte, found: Detail) -> Job:
    """Start a sync and return its job."""
    body = {"connectionId": found.id, "jobType": "sync"}
    return read_job(await airbyte.public("POST", "/jobs", body, START_SECONDS))


async def cancel_job(airbyte: Airbyte, job: Job) -> Job:
    """Cancel a job, and return it when it has ended or Airbyte does not wait longer."""
    return read_job(await airbyte.public("DELETE", f"/jobs/{job.id}", None, START_SECONDS))


async def start_clear(airbyte: Airbyte, found: Detail, stream: Stream | None = None) -> int:
    """Start a job that clears one stream or all, and return its id."""
    if stream is None:
        body = {"connectionId": found.id, "jobType": "reset"}
        return read_job(await airbyte.public("POST", "/jobs", body, START_SECONDS)).id
    named = {"streamName": stream.name} | ({"streamNamespace": stream.namespace} if stream.namespace else {})
    answer = await airbyte.post(
        "/connections/clear/stream", {"connectionId": found.id, "streams": [named]}, START_SECONDS
    )
    return int(answer["job"]["id"])


async def check_ends(airbyte: Airbyte, found: Detail) -> list[tuple[str, str]]:
    """Check both ends; return for each its name and what is wrong with it (empty: nothing)."""
    results = []
    for end in (found.source, found.destination):
        answer = await airbyte.post(f"/{end.kind}s/check_connection", {f"{end.kind}Id": end.id}, CHECK_SECONDS)
        failed = answer.get("status") != "succeeded"
        results.append((end.name, str(answer.get("message") or "the check failed") if failed else ""))
    return results
