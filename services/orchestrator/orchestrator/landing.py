"""The landing tables: one multi-asset per Airbyte connection, so that each connection can be run alone.

The assets come from connections.yaml, not from the server: the code location loads while Airbyte is down, and the
connection is looked up by its name when it runs.
"""

import re
import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from connections_file import Connection, Destination, Stream
from connections_file.tables import landing_table
from orchestrator import files, row_count
from orchestrator.airbyte import Airbyte
from orchestrator.files import Bucket
from orchestrator.warehouse import Warehouse

GROUP = "landing"


def landing_assets(connection: Connection, destination: Destination) -> dg.AssetsDefinition:
    """Return the landing tables of a connection: loaded by one sync, then counted against their files."""
    streams = connection.streams
    tables = [landing_table(stream, connection, destination) for stream in streams]

    # The check is part of the step because it must come before dbt: Dagster does not let a check of another step hold
    # up dbt, which checks the same tables itself. A subset is the check alone, or some of a connection's tables.
    @dg.multi_asset(
        name=f"sync_{re.sub(r'\W', '_', connection.name)}",
        specs=[asset_spec(stream, table) for stream, table in zip(streams, tables, strict=True)],
        check_specs=[row_count.check_spec(stream) for stream in streams if stream.files],
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
            if "bytesBilled" in job:  # airbyte-lite tells it, Airbyte does not
                metadata["bytes_billed"] = int(job["bytesBilled"])
        for stream, table in zip(streams, tables, strict=True):
            rows = warehouse.count_rows(table)
            if dg.AssetKey(stream.asset_key) in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=stream.asset_key, metadata={**metadata, "dagster/row_count": rows})
            if row_count.check_key(stream) in context.selected_asset_check_keys:
                records = sum(bucket.count_records(key) for key in stream.files)
                yield row_count.compare(stream, rows, records)

    return sync


def asset_spec(stream: Stream, table: str) -> dg.AssetSpec:
    """Return the asset of a landing table, downstream of its files."""
    sources = ", ".join(f"`{key}`" for key in stream.files) or "its source"
    return dg.AssetSpec(
        stream.asset_key,
        deps=[files.asset_key(key) for key in stream.files],
        group_name=GROUP,
        kinds={"airbyte", "bigquery"},
        description=f"Rows of {sources} as they are, loaded by Airbyte ({stream.sync_mode.replace('_', ' ')}).",
        metadata={"dagster/table_name": table},
    )
