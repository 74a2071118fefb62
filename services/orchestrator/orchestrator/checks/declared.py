"""Declared columns that the files do not have: a part of the check `columns_arrived`."""

from collections.abc import Iterator, Mapping

from connections_file import Stream
from orchestrator.checks.findings import Finding
from orchestrator.reading.csv_header import surely_other
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import CsvFormat, StreamFiles

REMEDY = "Correct the name in the header of the file or in columns of connections.yaml, then make apply and run again."


def find(stream: Stream, files: StreamFiles, facts: Mapping[str, FileFacts]) -> Iterator[Finding]:
    """Yield an error for each declared column that is NULL in the rows of a file because the file has another name.

    A column that only some files lack, and that they have under no other name, is not told: columns are added in time.
    JSON lines may leave out a field, and the connector reads Parquet by its own schema, so only CSV files are compared.
    """
    if not isinstance(files.format, CsvFormat) or not facts:
        return
    wanted = [name for name in files.declared if not stream.selected_fields or name in stream.selected_fields]
    # The names beside each column in the files that have it: none of them is the column's new name.
    beside: dict[str, set[str]] = {name: set() for name in wanted}
    for fact in facts.values():
        lower = {name.lower() for name in fact.names}
        for name in (name for name in beside if name.lower() in lower):
            beside[name].update(fact.names)
    declared = {name.lower() for name in files.declared}
    nowhere = {name for name, names in beside.items() if not names}
    for file, fact in facts.items():
        if surely_other(fact):
            continue
        lower = {name.lower() for name in fact.names}  # a name in another case is the same column, see spellings.py
        others = {name for name in fact.names if name.lower() not in declared}
        for name in (name for name in wanted if name not in fact.names and name.lower() not in lower):
            new = sorted(others - beside[name])
            if new or name in nowhere:
                has = f"; it has {', '.join(map(repr, new[:3]))}" if new else ""
                text = f"the file does not have this declared column, so its values are NULL{has}"
                yield Finding(text, REMEDY, file, fact.header_line, name)
