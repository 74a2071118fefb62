"""The check that a landing table has a row for each record of its files."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from connections_file import Stream
from orchestrator.checks.findings import DROP, SHOWN, again
from orchestrator.checks.table import TableFacts
from orchestrator.reading.facts import FileFacts

NAME = "row_count_matches_file"
DESCRIPTION = """Every record of the file is a row of the landing table.

- Fewer rows than records: an error, nothing downstream is built. Records were lost, or, after a deduped sync, several
  records have the same primary key. Rows that are not of the newest version of their file do not count.
- More rows than records: an error after a full refresh overwrite, which makes the table a copy of the file. A warning
  after a deduped sync: rows that were deleted from the file stay in the table until the connection is reset. With
  `deletions: mark` such rows are not counted, and more rows are an error. Expected after an append.
- A warning after an incremental append: a version of a file that several syncs have loaded. Its rows are in the table
  several times, because the connection was created anew or lost its sync state, and the table kept its rows.
"""


def compare(
    stream: Stream,
    rows: int,
    facts: Mapping[str, FileFacts],
    skips: str | None,
    older: int = 0,
    stopped: str | None = None,
    unread: str | None = None,
) -> dg.AssetCheckResult:
    """Return the result for a table of `rows` rows, loaded from files with these facts.

    `older` of them are of an older version of their file: a file has fewer records, or several have one key.
    It is a warning if the connector may leave out records of these files, by the option `skips`. `stopped` is the
    remedy if it may have ended a file early. `unread` says which files were not read, or not to their end.
    """
    deleted = older if stream.deletions == "mark" else 0
    rows -= deleted
    current = rows - (older - deleted)
    uncounted = [f"{file}: {fact.uncounted}" for file, fact in facts.items() if fact.uncounted]
    ragged = sum(fact.fault_counts.get("number of values", 0) for fact in facts.values())
    records = sum(fact.records for fact in facts.values())
    if skips and ragged and stream.sync_mode == "full_refresh_overwrite" and records - ragged < rows <= records:
        text = f"{rows} rows in the table, {records} records in the file, {ragged} with another number of values"
        return dg.AssetCheckResult(
            asset_key=stream.asset_key,
            check_name=NAME,
            passed=False,
            description=f"{text}. Airbyte's connector has not skipped these: it loads the text None in place of a "
            "missing value, and leaves out values beyond the header. Correct the lines, which the check "
            "file_is_well_formed names, and run again.",
        )
    if skips and ragged and records - ragged <= rows <= records:
        skipped = f"{rows} rows in the table, {records} records in the file, {ragged} with another number of values"
        return dg.AssetCheckResult(asset_key=stream.asset_key, check_name=NAME, passed=True, description=skipped)
    if uncounted or (skips and rows != records):
        return dg.AssetCheckResult(
            asset_key=stream.asset_key,
            check_name=NAME,
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{rows} rows in the table; not compared: {'; '.join(uncounted) or skips}",
        )
    appended = stream.sync_mode in {"full_refresh_append", "incremental_append"}
    remedy = ""
    merged = stream.sync_mode == "incremental_deduped_history" and current < records
    if merged:
        key = ", ".join(".".join(path) for path in stream.primary_key)
        remedy = f". Records with the same primary key ({key}) are one row: remove them, or correct primary_key."
        if current < rows:
            remedy += (
                " If no key is repeated, a row of an older version of a file stands for a record that moved to another "
                "file: reset the connection in Airbyte, then run again."
            )
        if stopped:
            remedy += f" Or a file was not read to its end: {stopped}"
    elif rows < records and stopped:
        remedy = f". {stopped}"
    elif rows < records:
        remedy = f". Records were lost: {again(stream)}."
    elif stream.sync_mode == "full_refresh_overwrite" and rows > records:
        remedy = ". Another connection may fill the table, or a file has changed since the sync: run again."
    elif stream.deletions == "mark" and rows > records:
        remedy = (
            ". Only a newer version of a file with other records marks rows as deleted. Here a file was removed, or "
            "its newest version has no record: reset the connection in Airbyte, then run again."
        )
    elif stream.sync_mode == "incremental_deduped_history" and rows > records:
        remedy = ". Rows of deleted records stay until the connection is reset."
    if unread and not stopped:
        remedy = f". {unread}"
    deduped_and_kept = stream.sync_mode == "incremental_deduped_history" and stream.deletions == "keep"
    rows_stayed = deduped_and_kept and rows > records and not merged and not unread
    marked = f" and {deleted} rows marked as deleted" if deleted else ""
    stayed = f" ({rows - current} of them of older versions of the files)" if merged and current < rows else ""
    return dg.AssetCheckResult(
        asset_key=stream.asset_key,
        check_name=NAME,
        passed=not unread and ((rows == records and not merged) or (appended and rows > records)),
        severity=dg.AssetCheckSeverity.WARN if rows_stayed else dg.AssetCheckSeverity.ERROR,
        description=f"{rows} rows in the table{stayed}{marked}, {records} records in the file{remedy}",
        metadata=_without_records(facts)
        | {"rows_in_table": rows, "rows_marked_as_deleted": deleted, "records_in_file": records},
    )


def _without_records(facts: Mapping[str, FileFacts]) -> dict[str, Any]:
    """Return the files without a record, if others have one: an export may have failed."""
    empty = sorted(file for file, fact in facts.items() if not fact.records and not fact.uncounted)
    if not empty or len(empty) == len(facts):
        return {}
    more = f" and {len(empty) - SHOWN} more files" if len(empty) > SHOWN else ""
    return {"files_without_records": ", ".join(empty[:SHOWN]) + more}


def with_repeated_loads(verdict: dg.AssetCheckResult, table: TableFacts) -> dg.AssetCheckResult:
    """Return the result, or a warning if it is good and the table has rows of files that were loaded several times."""
    if not verdict.passed or not table.loaded_twice:
        return verdict
    others = f" (and {table.loaded_twice - 1} other files)" if table.loaded_twice > 1 else ""
    return verdict._replace(
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{verdict.description}. Several syncs have loaded the same version of {table.twice_example}"
        f"{others}: the sync state was lost while the table kept its rows. To have each row once, {DROP}, and run "
        "again.",
    )
