"""The sensor `alerts`: looks at what has happened in Dagster, writes it into the outbox, then sends it."""

import sqlite3
import time
from pathlib import Path

import dagster as dg

from orchestrator.alerts import delivery, drift, ended_runs, standing
from orchestrator.alerts.incidents import Observation, apply
from orchestrator.alerts.outbox import Outbox, target_name
from orchestrator.settings import Settings

NAME = "alerts"
SECONDS = 14  # the daemon has a loop of 5 s, so a look every 15 s


def alerts(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor. Its page in Dagster shows the last messages."""

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reports each failure once, and each recovery once: failed runs and checks, late assets, "
        "failing sensors and schedules, a difference between Airbyte and connections.yaml. "
        f"It writes {settings.alerts_folder / 'alerts.jsonl'} and sends to ALERT_URLS.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        current = Settings.read()  # the addresses are secret, so they are not in the sensor's definition
        repository = context.repository_def
        if repository is None:
            raise dg.DagsterInvariantViolationError("The sensor is evaluated outside its code location")
        return dg.SkipReason(look(context.instance, repository, current, time.time()))

    return sensor


def look(
    instance: dg.DagsterInstance,
    repository: dg.RepositoryDefinition,
    settings: Settings,
    now: float,
    send: delivery.Send = delivery.send_by_apprise,
) -> str:
    """Look once, write, send; return a summary of it. Raises Failure if something could not be written or sent."""
    folder, urls = settings.alerts_folder, (settings.alert_urls or "").split()
    try:
        outbox = Outbox(folder)
        book = outbox.book()
        first = book.cursor is None
        book, runs = ended_runs.ended(instance, book)
        seen = [ended_runs.observe(instance, run, f"{settings.dagster_link}/runs/{run}") for run in runs]
        observations: list[Observation] = [each for each in seen if each]
        observations += [standing.undeclared(book, repository)]
        observations += standing.late(instance, repository) + standing.failing(instance, repository)
        observations += [drift.observe(instance, book)]
        observations += standing.services(outbox, map(target_name, urls), book)
        after, messages = apply(book, observations, now)
        if first or after != outbox.book():
            outbox.write(after, messages, [delivery.FILE, *map(target_name, urls)])
        errors = delivery.deliver(outbox, folder, urls, now, send)
    except (OSError, sqlite3.Error) as error:
        raise dg.Failure(
            f"Alerts cannot be written into {folder}: {error}. No alerts are sent until this is repaired. "
            "The folder is the setting ALERTS_DIR; it must be writable and the disk not full."
        ) from error
    if errors:
        raise dg.Failure(
            f"Alerts are written, but not sent: {' '.join(errors)} They are sent again with growing pauses. "
            f"Correct ALERT_URLS if an address is wrong. All alerts: {_file(folder)}"
        )
    told = "; ".join(f"{message.kind}: {message.subject}" for message in messages[:5])
    return told or f"nothing new; {len(after.incidents)} incidents are open"


def _file(folder: Path) -> Path:
    return folder / "alerts.jsonl"
