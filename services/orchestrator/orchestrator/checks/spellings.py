"""Columns that a file spells in another case than the stream: a part of the check `columns_arrived`.

airbyte-lite takes such names for the same column. The real Airbyte distinguishes them: it loads NULL, or the values
into a second column. So the rows of the file say what has happened.
"""

from collections.abc import Collection, Iterator, Mapping

from orchestrator.checks.findings import Finding
from orchestrator.checks.table import URL, TableFacts
from orchestrator.reading.facts import FileFacts, Rows
from orchestrator.reading.formats import StreamFiles
from orchestrator.warehouse import Warehouse
from platform_kit.names import column_name


def find(
    files: StreamFiles,
    facts: Mapping[str, FileFacts],
    table: TableFacts,
    warehouse: Warehouse,
    rows: Rows,
    explained: Collection[str] = (),
) -> Iterator[Finding]:
    """Yield an error for each such column that is NULL in every row of a file that has values for it.

    The warehouse is asked, and `rows` reads the file, only if a name is spelled in another case. Airbyte has noted why
    values of the columns `explained` (in lower case) are NULL.
    """
    if URL not in table.columns:
        return
    for column, names in different(files, facts, table).items():
        if column in explained:
            continue
        count = f"count(`{table.columns[column][0]}`)"
        select = f"select {URL} as url, {count} as n from {table.scope} group by 1"  # noqa: S608 - see Warehouse.query
        loaded = {row["url"]: row["n"] for row in warehouse.query(select)}
        for file, (name, usual) in names.items():
            if loaded.get(file) == 0 and (line := _first_value(file, facts[file], name, rows)) is not None:
                yield Finding(
                    f"the file spells the column {name!r} instead of {usual!r}; Airbyte distinguishes upper and lower "
                    f"case, so the column is NULL in each row of the file",
                    "Use one spelling in the files and in columns of connections.yaml, then make apply and run again.",
                    file,
                    line,
                    name,
                )


def different(
    files: StreamFiles, facts: Mapping[str, FileFacts], table: TableFacts
) -> dict[str, dict[str, tuple[str, str]]]:
    """Return by table column (in lower case) the files with another spelling: the file's spelling and the usual one.

    The usual one is declared, or that of the first file.
    """
    found: dict[str, dict[str, tuple[str, str]]] = {}
    usual: dict[str, set[str]] = {}
    for name in files.declared:
        usual.setdefault(name.lower(), set()).add(name)
    for file, fact in facts.items():
        for name in fact.names:
            known = usual.setdefault(name.lower(), {name})
            column = column_name(name).lower()
            if name not in known and not known & set(fact.names) and column in table.columns:
                found.setdefault(column, {})[file] = name, min(known)
    return found


def _first_value(file: str, fact: FileFacts, name: str, rows: Rows) -> int | None:
    """Return the line of the first value of a column in a file, 0 if it is not known; None if it has no value."""
    if name in fact.values:
        return 0 if fact.values[name] else None
    return next((line for line, row in rows(file) if row.get(name)), None)
