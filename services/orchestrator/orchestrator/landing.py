"""The landing tables: one multi-asset per Airbyte connection, so that each connection can be run alone.

The assets come from connections.yaml, not from the server: the code location loads while Airbyte is down, and the
connection is looked up by its name when it runs.
"""

import re
import time
from collections.abc import Iterator

import dagster as dg

from bootstrap.connections_file import Connection, Stream
from orchestrator import files, settings
from orchestrator.airbyte import Airbyte

GROUP = "landing"


def landing_assets(connection: Connection) -> dg.AssetsDefinition:
    """Return the landing tables of a connection, materialized together by one sync."""

    @dg.multi_asset(
        name=f"sync_{re.sub(r'\W', '_', connection.name)}",
        specs=[_spec(stream) for stream in connection.streams],
        description=f"Runs the Airbyte connection `{connection.name}`.",
    )
    def sync(airbyte: Airbyte) -> Iterator[dg.MaterializeResult[None]]:
        started = time.monotonic()
        job = airbyte.sync(connection.name)
        seconds = time.monotonic() - started
        for stream in connection.streams:
            yield dg.MaterializeResult(
                asset_key=stream.asset_key,
                metadata={
                    "Execution Duration": seconds,
                    "airbyte_job_id": int(job["jobId"]),
                    "rows_synced": int(job.get("rowsSynced") or 0),
                    "bytes_synced": int(job.get("bytesSynced") or 0),
                },
            )

    return sync


def _spec(stream: Stream) -> dg.AssetSpec:
    sources = ", ".join(f"`{key}`" for key in stream.files) or "its source"
    return dg.AssetSpec(
        stream.asset_key,
        deps=[files.asset_key(key) for key in stream.files],
        group_name=GROUP,
        kinds={"airbyte", "bigquery"},
        description=f"Rows of {sources} as they are, loaded by Airbyte ({stream.sync_mode.replace('_', ' ')}).",
        metadata={"dagster/table_name": f"{settings.landing_dataset()}.{stream.name}"},
    )
