"""Where the connector ended a file early: a part of the check `row_count_matches_file`.

With `validation_policy: Wait for Discover`, the connector ends a file in front of the first record that does not fit
the schema of the stream. The sync succeeds.
"""

from collections.abc import Mapping
from itertools import islice

from connections_file import Stream
from orchestrator.checks.table import URL, TableFacts
from orchestrator.reading.facts import FileFacts, Rows
from orchestrator.reading.formats import StreamFiles
from orchestrator.warehouse import Warehouse

REMEDY = (
    "validation_policy is Wait for Discover: the connector ends a file in front of the first record that does not fit "
    "the columns. Correct the record; or declare its columns with types that hold its values (columns in "
    "connections.yaml); or set validation_policy: Emit Record, which loads NULL for such a value. Then make apply and "
    "run again."
)


def remedy(
    stream: Stream,
    files: StreamFiles,
    facts: Mapping[str, FileFacts],
    table: TableFacts,
    warehouse: Warehouse,
    rows: Rows,
    part: str = "line",
) -> str | None:
    """Return what to do about the missing records, with the place of the first one; None: the connector reads all.

    `part` is what the file has: lines, or records.
    The warehouse is asked, and `rows` reads the file, only if the table is a copy of the files and lacks records.
    """
    if not files.stops:
        return None
    missing = table.rows < sum(fact.records for fact in facts.values())
    if not missing or stream.sync_mode != "full_refresh_overwrite" or URL not in table.columns:
        return REMEDY
    select = f"select {URL} as url, count(*) as n from {table.scope} group by 1"  # noqa: S608 - see Warehouse.query
    loaded = {row["url"]: row["n"] for row in warehouse.query(select)}
    for file, fact in facts.items():
        if (count := loaded.get(file, 0)) < fact.records:
            line = next((line for line, _ in islice(rows(file), count, None)), 0)
            return f"{file}{f', {part} {line}' if line else ''}: {REMEDY}"
    return REMEDY
