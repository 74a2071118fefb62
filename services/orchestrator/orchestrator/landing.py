"""The landing tables: one multi-asset per Airbyte connection, so that each connection can be run alone.

The assets come from connections.yaml, not from the server: the code location loads while Airbyte is down, and the
connection is looked up by its name when it runs.
"""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from connections_file import Connection, Destination, Source, Stream
from connections_file.tables import landing_table
from orchestrator import files, row_count
from orchestrator.airbyte import Airbyte
from orchestrator.files import Bucket
from orchestrator.s3_streams import FileFormat, NotCountedError, file_format
from orchestrator.warehouse import Warehouse

GROUP = "landing"


def landing_assets(connection: Connection, source: Source, destination: Destination) -> dg.AssetsDefinition:
    """Return the landing tables of a connection: loaded by one sync, then counted against their files."""
    streams = connection.streams
    formats = [_format_or_reason(stream, source) for stream in streams]
    tables = [landing_table(stream, connection, destination) for stream in streams]

    # The check is part of this step because it must run before dbt. The dbt step has checks of the same tables, and
    # Dagster does not let a check in a third step block it. A subset is the check alone, or some of the tables.
    @dg.multi_asset(
        name=connection.step_name,
        specs=[asset_spec(*each) for each in zip(streams, tables, formats, strict=True)],
        check_specs=[
            row_count.check_spec(stream)
            for stream, counted in zip(streams, formats, strict=True)
            if not isinstance(counted, NotCountedError)
        ],
        can_subset=True,
        description=f"Runs the Airbyte connection `{connection.name}`.",
    )
    def sync(
        context: dg.AssetExecutionContext, airbyte: Airbyte, bucket: Bucket, warehouse: Warehouse
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        metadata: dict[str, Any] = {}
        if context.selected_asset_keys:
            started = time.monotonic()
            job = airbyte.sync(connection.name)
            metadata = {
                "Execution Duration": time.monotonic() - started,  # seconds, under dagster-dbt's name
                "airbyte_job_id": int(job["jobId"]),
                "rows_synced": int(job.get("rowsSynced") or 0),
                "bytes_synced": int(job.get("bytesSynced") or 0),
            }
            if "bytesBilled" in job:  # sent by airbyte-lite only
                metadata["bytes_billed"] = int(job["bytesBilled"])
        for stream, table, counted in zip(streams, tables, formats, strict=True):
            rows = warehouse.count_rows(table)
            if dg.AssetKey(stream.asset_key) in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=stream.asset_key, metadata={**metadata, "dagster/row_count": rows})
            if (
                isinstance(counted, NotCountedError)
                or row_count.check_key(stream) not in context.selected_asset_check_keys
            ):
                continue
            try:
                records = sum(bucket.count_records(key, counted) for key in set(stream.files))
            except NotCountedError as reason:
                yield row_count.not_compared(stream, reason)
            else:
                yield row_count.compare(stream, rows, records)

    return sync


def _format_or_reason(stream: Stream, source: Source) -> FileFormat | NotCountedError:
    try:
        return file_format(stream, source)
    except NotCountedError as reason:
        return reason


def asset_spec(stream: Stream, table: str, counted: FileFormat | NotCountedError) -> dg.AssetSpec:
    """Return the asset of a landing table, downstream of its files."""
    sources = ", ".join(f"`{key}`" for key in stream.files) or "its source"
    note = f"\n\nWithout a row count check: {counted}." if isinstance(counted, NotCountedError) else ""
    return dg.AssetSpec(
        stream.asset_key,
        deps=[files.asset_key(key) for key in stream.files],
        group_name=GROUP,
        kinds={"airbyte", "bigquery"},
        description=f"Rows of {sources}, unchanged, loaded by Airbyte ({stream.sync_mode.replace('_', ' ')}).{note}",
        metadata={"dagster/table_name": table},
    )
