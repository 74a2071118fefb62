"""The check that a landing table is not older than the `freshness` block of its dbt source allows."""

from datetime import UTC, datetime

import dagster as dg

from connections_file import Stream
from orchestrator.checks.table import TableFacts
from orchestrator.freshness import Limits

NAME = "source_is_fresh"
DESCRIPTION = """The table is not older than `freshness` of its dbt source allows: `warn_after`, `error_after`.

An incremental table is judged by the last successful sync: a file that did not change brings no row, and the table is
right nevertheless. Any other table is judged by its newest row. An error does not block the models downstream.
"""


def judge(
    stream: Stream, table: TableFacts, limits: Limits, synced: datetime | None, now: datetime | None = None
) -> dg.AssetCheckResult:
    """Return the result; `synced` is the time of the last successful sync, None if there was none."""
    incremental = stream.sync_mode.startswith("incremental")
    seen, what = (synced, "the last successful sync") if incremental else (table.newest, "the newest row")
    now = now or datetime.now(UTC)
    metadata = {
        "warn_after_hours": limits.warn.total_seconds() / 3600 if limits.warn else None,
        "error_after_hours": limits.error.total_seconds() / 3600 if limits.error else None,
    }
    if seen is None:
        return dg.AssetCheckResult(
            asset_key=stream.asset_key,
            check_name=NAME,
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"Not judged: {what} is not known. Materialize the table.",
        )
    age = now - seen
    hours = age.total_seconds() / 3600
    late = next(
        (
            (name, limit, severity)
            for name, limit, severity in (
                ("error_after", limits.error, dg.AssetCheckSeverity.ERROR),
                ("warn_after", limits.warn, dg.AssetCheckSeverity.WARN),
            )
            if limit is not None and age > limit
        ),
        None,
    )
    sentence = f"{what[0].upper()}{what[1:]} is {hours:.1f} hours old"
    if late:
        name, limit, _ = late
        sentence += (
            f", more than {name} of the dbt source {stream.dbt_source} allows "
            f"({limit.total_seconds() / 3600:g} hours). Is the file late, or are the sensor changed_files and the "
            "schedule daily switched off?"
        )
    return dg.AssetCheckResult(
        asset_key=stream.asset_key,
        check_name=NAME,
        passed=late is None,
        severity=late[2] if late else dg.AssetCheckSeverity.ERROR,
        description=sentence,
        metadata={"age_hours": hours, **{name: value for name, value in metadata.items() if value is not None}},
    )


def last_sync(instance: dg.DagsterInstance, stream: Stream) -> datetime | None:
    """Return the time of the table's latest materialization."""
    event = instance.get_latest_materialization_event(dg.AssetKey(stream.asset_key))
    return datetime.fromtimestamp(event.timestamp, UTC) if event else None
