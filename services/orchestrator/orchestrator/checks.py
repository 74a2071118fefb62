"""Checks of the landing tables against their files."""

import dagster as dg

from bootstrap.connections_file import Stream
from orchestrator.files import Bucket
from orchestrator.warehouse import Warehouse

DESCRIPTION = """Every record of the file is a row of the landing table.

- Fewer rows than records: an error, nothing downstream is built. Records were lost, or have the same primary key.
- More rows than records: an error after a full refresh overwrite, which makes the table a copy of the file. A warning
  after a deduped sync: rows that were deleted from the file stay in the table until the connection is reset. Expected
  after an append.
"""


def row_count_check(stream: Stream) -> dg.AssetChecksDefinition:
    """Return the check that a landing table has a row for each record of its files."""

    @dg.asset_check(
        asset=dg.AssetKey(stream.asset_key), name="row_count_matches_file", description=DESCRIPTION, blocking=True
    )
    def row_count_matches_file(bucket: Bucket, warehouse: Warehouse) -> dg.AssetCheckResult:
        records = sum(bucket.count_records(key) for key in stream.files)
        return compare(warehouse.count_rows(stream.name), records, stream.sync_mode)

    return row_count_matches_file


def compare(rows: int, records: int, sync_mode: str) -> dg.AssetCheckResult:
    """Return the verdict on a table of `rows` rows that was loaded from files of `records` records."""
    more_is_fine = sync_mode in {"full_refresh_append", "incremental_append"}
    only_deleted = sync_mode == "incremental_deduped_history" and rows > records
    return dg.AssetCheckResult(
        passed=rows == records or (more_is_fine and rows > records),
        severity=dg.AssetCheckSeverity.WARN if only_deleted else dg.AssetCheckSeverity.ERROR,
        description=f"{rows} rows in the table, {records} records in the file",
        metadata={"rows_in_table": rows, "records_in_file": records},
    )
