"""The check that a landing table has a row for each record of its files.

If the records of the files cannot be counted exactly, the table has no check, and its asset's description says why.
"""

import dagster as dg

from connections_file import Stream
from orchestrator.s3_streams import NotCountedError

NAME = "row_count_matches_file"
DESCRIPTION = """Every record of the file is a row of the landing table.

- Fewer rows than records: an error, nothing downstream is built. Records were lost, or, after a deduped sync, several
  records have the same primary key.
- More rows than records: an error after a full refresh overwrite, which makes the table a copy of the file. A warning
  after a deduped sync: rows that were deleted from the file stay in the table until the connection is reset. Expected
  after an append.
"""


def check_key(stream: Stream) -> dg.AssetCheckKey:
    """Return the check's key."""
    return dg.AssetCheckKey(dg.AssetKey(stream.asset_key), NAME)


def check_spec(stream: Stream) -> dg.AssetCheckSpec:
    """Return the check. It blocks the assets downstream of the table."""
    return dg.AssetCheckSpec(NAME, asset=dg.AssetKey(stream.asset_key), description=DESCRIPTION, blocking=True)


def compare(stream: Stream, rows: int, records: int) -> dg.AssetCheckResult:
    """Return the result for a table of `rows` rows that was loaded from files of `records` records."""
    appended = stream.sync_mode in {"full_refresh_append", "incremental_append"}
    rows_stayed = stream.sync_mode == "incremental_deduped_history" and rows > records
    return dg.AssetCheckResult(
        asset_key=stream.asset_key,
        check_name=NAME,
        passed=rows == records or (appended and rows > records),
        severity=dg.AssetCheckSeverity.WARN if rows_stayed else dg.AssetCheckSeverity.ERROR,
        description=f"{rows} rows in the table, {records} records in the file",
        metadata={"rows_in_table": rows, "records_in_file": records},
    )


def not_compared(stream: Stream, reason: NotCountedError) -> dg.AssetCheckResult:
    """Return a warning, which blocks nothing, for a file whose records cannot be counted."""
    return dg.AssetCheckResult(
        asset_key=stream.asset_key,
        check_name=NAME,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Not compared: the records of the file cannot be counted: {reason}",
    )
