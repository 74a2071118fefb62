"""Texts that mean NULL, but are numbers or booleans in the table: a part of the check `values_were_cast`.

The connector looks for `null_values` after it has converted a value, so it finds `-999` in columns of texts only.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from connections_file import Stream
from orchestrator.checks.findings import DROP, Finding
from orchestrator.checks.table import TableFacts
from orchestrator.reading.facts import FileFacts, Rows
from orchestrator.reading.formats import CsvFormat, StreamFiles
from orchestrator.reading.names import bears
from orchestrator.warehouse import Warehouse


def find(
    stream: Stream,
    files: StreamFiles,
    facts: Mapping[str, FileFacts],
    table: TableFacts,
    warehouse: Warehouse,
    rows: Rows,
) -> Iterator[Finding]:
    """Yield an error for each column with such values; a warning if only the files of other syncs may have had them.

    The warehouse is asked only if `null_values` has such a text.
    """
    if not isinstance(files.format, CsvFormat):
        return
    wanted: dict[str, dict[str, str]] = {}
    for column, (name, kind) in table.columns.items():
        values = {text: _literal(text, kind, files.format) for text in sorted(files.format.null_values)}
        if not column.startswith(("_airbyte_", "_ab_source_file_")) and any(values.values()):
            wanted[name] = {text: value for text, value in values.items() if value}
    if not wanted:
        return
    counts = ", ".join(
        f"countif(`{name}` in ({', '.join(values.values())})) as n_{at}"
        for at, (name, values) in enumerate(wanted.items())
    )
    [found] = warehouse.query(f"select {counts} from {table.scope}")  # noqa: S608 - see Warehouse.query
    for at, (name, values) in enumerate(wanted.items()):
        if not (count := found[f"n_{at}"]):
            continue
        file, line, text = _place(name, values, facts, rows)
        if not file and stream.sync_mode == "full_refresh_overwrite":
            continue  # the value is written in another way, for example 0.0
        shown = repr(text) if file else " or ".join(map(repr, values))
        drop = "" if stream.sync_mode == "full_refresh_overwrite" else f", {DROP}"
        elsewhere = "" if file else ". No file has this text: its file is gone, or the value is written in another way"
        yield Finding(
            f"{count} of {table.rows} rows have the value {shown}, which null_values of the stream's format takes for "
            "NULL: the connector looks for null_values after it has converted a value, so only in columns of texts"
            f"{elsewhere}",
            f"Declare the column as string in connections.yaml, then make apply{drop} and run again; cast it in the "
            f"staging model. Or remove the text from null_values, and use nullif({name}, …) there.",
            file,
            line,
            name,
            blocking=bool(file),
        )


def _literal(text: str, kind: str, format_: CsvFormat) -> str:
    """Return the value of the text in a column of this type, as SQL; an empty text if it is not a value of it."""
    if kind == "BOOLEAN":
        return "true" if text in format_.true_values else "false" if text in format_.false_values else ""
    if kind not in ("INTEGER", "NUMERIC", "BIGNUMERIC", "FLOAT"):
        return ""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return ""
    if not number.is_finite() or not -(2**63) <= number < 2**63 or (kind == "INTEGER" and number % 1):
        return ""
    return f"{int(number)}" if kind == "INTEGER" else f"{number:f}"


def _place(name: str, texts: Iterable[str], facts: Mapping[str, FileFacts], rows: Rows) -> tuple[str, int, str]:
    """Return the first place of such a text: file, line and text. ("", 0, "") if no file has one."""
    for file in facts:
        for line, row in rows(file):
            for column, text in row.items():
                if text in texts and bears(name.lower(), column):
                    return file, line, text
    return "", 0, ""
