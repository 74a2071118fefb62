"""The landing tables: one multi-asset per Airbyte connection, so that each connection can be run alone.

The assets come from connections.yaml, not from the server: the code location loads while Airbyte is down, and the
connection is looked up by its name when it runs.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster._core.storage.tags import ASSET_RESUME_RETRY_TAG

from connections_file import Connection, Destination, Source, Stream
from connections_file.tables import landing_table
from orchestrator import files
from orchestrator.airbyte import Airbyte
from orchestrator.arrivals import known
from orchestrator.arrivals.watched import Watched, watched_stream
from orchestrator.checks.run import TableChecks
from orchestrator.checks.table import TableFacts
from orchestrator.files import Bucket
from orchestrator.freshness import NO_LIMITS, Limits
from orchestrator.reading.formats import NotCountedError, StreamFiles, stream_files
from orchestrator.warehouse import Warehouse


def landing_assets(
    connection: Connection,
    source: Source,
    destination: Destination,
    limits: Mapping[str, Limits] | None = None,
    read: Sequence[str] = (),
) -> dg.AssetsDefinition:
    """Return the landing tables of a connection: loaded by one sync, then checked.

    `limits` are the ages from which on each dbt source is late; None: no limits. `read` are the globs of all streams.
    """
    tables = [_checks(stream, connection, source, destination, limits or {}, read) for stream in connection.streams]
    watched = [found for stream in connection.streams if (found := watched_stream(stream, source))]

    # The checks are part of this step because they must run before dbt. The dbt step has checks of the same tables, and
    # Dagster does not let a check in a third step block it. A subset is the checks alone, or some of the tables.
    @dg.multi_asset(
        name=connection.step_name,
        specs=[asset_spec(table, connection) for table in tables],
        check_specs=[spec for table in tables for spec in table.specs],
        can_subset=True,
        description=f"Runs the Airbyte connection `{connection.name}`.",
    )
    def sync(
        context: dg.AssetExecutionContext, airbyte: Airbyte, bucket: Bucket, warehouse: Warehouse
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        metadata: dict[str, Any] = {}
        synced = None
        if context.selected_asset_keys:
            present = _present(context, bucket, [w for w in watched if w.table in context.selected_asset_keys])
            selected_tables = [table for table in tables if table.key in context.selected_asset_keys]
            before = [(table, table.present(bucket)) for table in selected_tables]
            started = time.monotonic()
            job = airbyte.sync(connection.name)
            synced = datetime.now(UTC)
            metadata = {
                "Execution Duration": time.monotonic() - started,  # seconds, under dagster-dbt's name
                "airbyte_job_id": int(job["jobId"]),
                "rows_synced": int(job.get("rowsSynced") or 0),
                "bytes_synced": int(job.get("bytesSynced") or 0),
            }
            if "bytesBilled" in job:  # sent by airbyte-lite only
                metadata["bytes_billed"] = int(job["bytesBilled"])
            # A repetition from an asset does not build the models again that the failed run has built. If a file has
            # changed since then, it must not be known, so that the sensor starts a run of all that depends on it.
            whole = ASSET_RESUME_RETRY_TAG not in context.run.tags
            for stream, objects in present if whole and not job["isFollowed"] else ():
                known.remember(context.instance, stream, objects)
            for table, found in before if not job["isFollowed"] else ():
                table.note_synced(context.instance, found)
        # Nothing is reported before everything was read: a repetition of a run that was killed here loads all tables
        # again, so it has to check all of them.
        results: list[dg.MaterializeResult[None] | dg.AssetCheckResult] = []
        for table in tables:
            key = table.key
            selected = {check.name for check in context.selected_asset_check_keys if check.asset_key == key}
            numbers = table.read(warehouse) if selected else None
            rows = numbers.rows if numbers else warehouse.count_rows(table.table)
            if key in context.selected_asset_keys:
                schema = _schema(warehouse, table.table, numbers)
                about = metadata | {"dagster/row_count": rows, "dagster/column_schema": schema}
                results.append(dg.MaterializeResult(asset_key=key, metadata=about))
            if numbers:
                when = synced if key in context.selected_asset_keys else None
                results += table.results(numbers, selected, warehouse, bucket, context.instance, when)
        yield from results

    return sync


def _schema(warehouse: Warehouse, table: str, numbers: TableFacts | None) -> dg.TableSchema:
    """Return the columns of a table with their BigQuery types."""
    columns = numbers.columns if numbers else warehouse.columns(table)
    return dg.TableSchema([dg.TableColumn(name, kind) for name, kind in columns.values()])


def _present(
    context: dg.AssetExecutionContext, bucket: Bucket, watched: list[Watched]
) -> list[tuple[Watched, set[bytes]]]:
    """Return the objects that exist before the sync, for the sensor of changed files; nothing if S3 does not answer."""
    try:
        found = known.present(bucket.files(), watched)
    except dg.Failure as failure:
        context.log.warning(f"The sensor of changed files will load these files again: {failure.description}")
        return []
    return [(stream, found[stream.name]) for stream in watched]


def _checks(
    stream: Stream,
    connection: Connection,
    source: Source,
    destination: Destination,
    limits: Mapping[str, Limits],
    read: Sequence[str],
) -> TableChecks:
    files: StreamFiles | NotCountedError
    try:
        files = stream_files(stream, source)
    except NotCountedError as reason:
        files = reason
    table = landing_table(stream, connection, destination)
    return TableChecks(stream, table, files, limits.get(stream.dbt_source, NO_LIMITS), read)


def tag_value(name: str) -> str:
    """Return the name as Dagster allows it in the value of a tag: 63 ASCII letters, digits, `.`, `_` and `-`."""
    return re.sub(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$", "", re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:63])


def asset_spec(table: TableChecks, connection: Connection) -> dg.AssetSpec:
    """Return the asset of a landing table, downstream of its files."""
    stream = table.stream
    sources = ", ".join(f"`{key}`" for key in stream.files) or "its source"
    mode = stream.sync_mode.replace("_", " ")
    return dg.AssetSpec(
        stream.asset_key,
        deps=[files.asset_key(key) for key in stream.files],
        group_name=connection.group,
        owners=connection.owners,
        tags={"connection": tag_value(connection.name)},
        kinds={"airbyte", "bigquery"},
        description=f"Rows of {sources}, unchanged, loaded by Airbyte ({mode}).{table.note}",
        metadata={"dagster/table_name": table.table},
        freshness_policy=table.limits.policy,
    )
