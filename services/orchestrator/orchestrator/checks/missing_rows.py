"""Files whose records are not all in the table: a part of `row_count_matches_file`.

A table to which each sync appends has more rows than the files have records, because it keeps the rows of older
versions. So each file is compared with the rows of its newest version or, if each sync reads all files, with those of
the newest sync. The table of an overwrite is asked only if rows are missing.

The newest sync is that of the row that was extracted last. Its number need not be the largest one: a new installation
of Airbyte counts from 1 again.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connections_file import Stream
from orchestrator.checks.findings import SHOWN, again
from orchestrator.checks.table import EXTRACTED, META, MODIFIED, URL, TableFacts
from orchestrator.reading.facts import FileFacts
from orchestrator.warehouse import Warehouse

SYNC = f"json_value({META}, '$.sync_id')"
VERSIONS = {
    "incremental_append": (MODIFIED, f"max({MODIFIED}) over (partition by {URL})"),
    "full_refresh_append": (SYNC, f"(select max_by({SYNC}, {EXTRACTED}) from {{scope}})"),  # noqa: S608
    "full_refresh_overwrite": ("0", "0"),
}
"""By sync mode, what tells the version of a row, and which version is the newest."""
EARLY = re.compile(r"[^*]*[?\[]")
"""A glob of which the real Airbyte lists the beginning up to the first `*`, so it finds no file."""
NOT_FOUND = (
    " The real Airbyte finds no file by a glob with ? or [ before its first *: write * in their place, or a glob for "
    "each key; then make apply."
)


def short(
    stream: Stream,
    facts: Mapping[str, FileFacts],
    modified: Mapping[str, datetime],
    table: TableFacts,
    warehouse: Warehouse,
    globs: Sequence[str] = (),
) -> str | None:
    """Return which files have fewer rows than records, and what to do.

    `modified` is the time of each file, `globs` are those of the stream.
    """
    if stream.sync_mode not in VERSIONS or not {URL, MODIFIED, META, EXTRACTED} <= table.columns.keys():
        return None
    overwritten = stream.sync_mode == "full_refresh_overwrite"
    if overwritten and table.rows >= sum(fact.records for fact in facts.values()):
        return None
    own, newest = (part.format(scope=table.scope) for part in VERSIONS[stream.sync_mode])
    versions = f"select {URL} as url, {own} as version, {newest} = {own} as is_newest from {table.scope}"  # noqa: S608
    query = f"select url, max(cast(version as string)) as version, count(*) as n from ({versions}) where is_newest"  # noqa: S608
    loaded = {row["url"]: row for row in warehouse.query(f"{query} group by 1")}
    if stream.sync_mode == "full_refresh_append" and not loaded:
        return None  # an Airbyte that does not number its syncs
    found = []
    for file, fact in facts.items():
        row = loaded.get(file, {"n": 0, "version": None})
        if row["n"] < fact.records:
            which = _which(stream, row, modified[file])
            found.append((file, f"{file}: {row['n']} rows{which} in the table, {fact.records} records"))
    if not found:
        return None
    more = f", and {len(found) - SHOWN} more files" if len(found) > SHOWN else ""
    remedy = "Run again." if overwritten else f"Run again. If that does not help, {again(stream)}."
    if any(EARLY.match(glob) for glob in globs) and any(file not in loaded for file, _ in found):
        remedy += NOT_FOUND
    if stream.sync_mode == "incremental_append":
        remedy = (
            "A sync reads a file only if its time is newer than that of the version that was read, and S3 keeps whole "
            "seconds. Run again. If that does not help, upload the file again, then run again."
        )
    return f"{'; '.join(text for _, text in found[:SHOWN])}{more}. {remedy}"


def _which(stream: Stream, row: Mapping[str, Any], modified: datetime) -> str:
    """Return which rows of a file were counted."""
    if not row["n"] or stream.sync_mode == "full_refresh_overwrite":
        return ""
    if stream.sync_mode == "full_refresh_append":
        return " of the newest sync"
    time = datetime.fromisoformat(row["version"].replace(" ", "T", 1))
    is_older = (time if time.tzinfo else time.replace(tzinfo=UTC)) < modified.replace(microsecond=0)
    return " of an older version" if is_older else " of its newest version"
