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
        for name in beside.keys() & set(fact.names):
            beside[name].update(fact.names)
    nowhere = {name for name, names in beside.items() if not names}
    for file, fact in facts.items():
        if surely_other(fact):
            continue
        others = {name for name in fact.names if name not in files.declared}
        for name in (name for name in wanted if name not in fact.names):
            same = next((other for other in others if other.casefold() == name.casefold()), None)
            if same:
                text = (
                    f"the header has {same!r}: the connector distinguishes upper and lower case, so the values are NULL"
                )
                yield Finding(text, REMEDY, file, fact.header_line, name)
                continue
            new = sorted(others - beside[name])
            if new or name in nowhere:
                has = f"; it has {', '.join(map(repr, new[:3]))}" if new else ""
                text = f"the file does not have this declared column, so its values are NULL{has}"
                yield Finding(text, REMEDY, file, fact.header_line, name)
