"""Losses in the values of the files that Airbyte does not note: a part of the check `values_were_cast`."""

from collections.abc import Mapping, Set

from connections_file import Stream
from orchestrator.checks import unrepaired
from orchestrator.checks.findings import Finding
from orchestrator.checks.table import TableFacts
from orchestrator.reading.exact import Kind, LossKind
from orchestrator.reading.facts import FileFacts, Loss
from orchestrator.reading.formats import AvroFormat, CsvFormat, JsonlFormat, ParquetFormat, StreamFiles
from orchestrator.reading.names import bears

DECLARE = "Declare the column as string in connections.yaml (columns: {{{name}: string}}), then make apply"
AGAIN = " and run again."
DROP = ", drop the table (its rows have the changed values)"
REASONS: Mapping[LossKind, str] = {
    "text": "{text!r} is loaded as {loaded}: the column's type is not declared, so Airbyte has guessed it",
    "zeros": "{text!r} is loaded as {loaded}: the column's type is not declared, so Airbyte has guessed a number",
    "underscores": "{text!r} is loaded as {loaded}: Airbyte ignores an underscore between digits",
    "digits": "{text!r} is loaded as {loaded}: Airbyte reads numbers as doubles, which keep 15 digits",
    "decimals": "{text!r} is loaded as {loaded}: a NUMERIC has nine decimals",
    "null": "{text!r} is loaded as NULL: neither columns of numbers nor JSON have NaN and infinity",
    "nanoseconds": "{text!r} is loaded as {loaded}: times are loaded with microseconds",
    "bytes": "a {text} is loaded as its bytes, read as a text: Airbyte's connector does not know this type",
    "nanoseconds as number": "a {text} is loaded as the number of its nanoseconds since 1970: Airbyte's connector does "
    "not know this type",
    "spelling": "the number {text} is loaded as the text {loaded!r}: Airbyte writes numbers as Python does",
    "repeated": "an object has the key {text!r} more than once: only its last value, {loaded}, is loaded",
    "precision": "{text} is loaded as {loaded}: it has more digits than the precision of its type, so Airbyte's "
    "connector rounds it",
    "days": "a time of day, {text}, is loaded as {loaded}: a day has 86,400 seconds, so Airbyte's connector leaves out "
    "the days",
    "years": "{text} is loaded as {loaded}: the column has the type INT96, of which Airbyte's connector reads only the "
    "years 1678 to 2261",
    "durations": "the duration {text} is loaded as {loaded}: Airbyte's connector computes with doubles",
}
REWRITE: Mapping[LossKind, str] = {
    "precision": "Write the file with a larger precision, or with the column as text",
    "days": "Write the file with the column as text, or as a number of seconds",
    "years": "Write the file with times in microseconds (Spark: spark.sql.parquet.outputTimestampType "
    "TIMESTAMP_MICROS), or as text",
    "durations": "Write the file with the column as an integer or as text",
}
"""The remedies for values that airbyte-lite does not change, see `unrepaired`."""
STORED: Mapping[LossKind, str] = {
    "bytes": "Write the file with the column as text, or as integers",
    "nanoseconds as number": "Write the file with times in microseconds; or cast the number in the staging model",
}
"""The remedies for logical types of Avro that are loaded as they are stored."""
WARNINGS: Set[LossKind] = {"zeros", "decimals", "nanoseconds", "spelling", "nanoseconds as number"}
NUMBERS: Mapping[str, Kind] = {
    "INTEGER": "integer",
    "NUMERIC": "number",
    "BIGNUMERIC": "number",
    "FLOAT": "number",
}


def kinds(files: StreamFiles, table: TableFacts) -> dict[str, Kind]:
    """Return the table columns (in lower case) in which a text of the files may have lost something."""
    found: dict[str, Kind] = {}
    # A CSV file says nothing about types. In other files, only a number can lose something: its digits.
    guessed: dict[str, Kind] = {**NUMBERS}
    if isinstance(files.format, CsvFormat):
        guessed["BOOLEAN"] = "boolean"
    elif isinstance(files.format, JsonlFormat):
        guessed["STRING"] = "spelling"
    declared = {name: kind.strip().casefold() for name, kind in files.declared.items()}
    for column, (_, kind) in table.columns.items():
        types = {declared[name] for name in declared if bears(column, name)}
        if types & {"number", "float"}:
            found[column] = "digits"
        elif "integer" in types and isinstance(files.format, CsvFormat):
            found[column] = "whole"
        elif types & {"object", "array"} and isinstance(files.format, CsvFormat):
            found[column] = "json"
        elif kind in guessed and not types & {"integer", "boolean"}:
            found[column] = guessed[kind]
    return found


def find(
    stream: Stream,
    files: StreamFiles,
    facts: Mapping[str, FileFacts],
    table: TableFacts,
    explained: Set[str],
    *,
    told: bool = True,
) -> list[Finding]:
    """Return the findings. The columns of `explained` have values that did not fit.

    `told`: another finding reports these columns. If not, because the stream allows such values, their losses count.
    """
    found: list[Finding] = []
    noted: set[tuple[str, str]] = set()
    for file, fact in facts.items():
        for loss in fact.losses:
            types = {kind for name, (_, kind) in table.columns.items() if bears(name, loss.column)}
            if not (files.schemaless or types):  # not loaded: another check says so if the field is selected
                continue
            if loss.kind in STORED and (
                types != {"STRING"} or any(bears(column, loss.column) for column in table.empty)
            ):
                continue
            if loss.kind == "nanoseconds" and types == {"STRING"}:  # a text keeps them
                continue
            is_explained = told and any(bears(column, loss.column) for column in explained)
            if (loss.column, loss.kind) in noted or is_explained:
                continue
            noted.add((loss.column, loss.kind))
            found.append(_loss(file, loss, stream, files))
    return found + _fewer(stream, facts, table, explained)


def _loss(file: str, loss: Loss, stream: Stream, files: StreamFiles) -> Finding:
    drop = "" if stream.sync_mode == "full_refresh_overwrite" else DROP
    remedy = DECLARE.format(name=loss.column) + drop + AGAIN
    if loss.kind == "zeros":
        remedy = (
            f"For amounts, declare the column as number in connections.yaml (columns: {{{loss.column}: number}}); for "
            f"versions and codes as string. Then make apply{drop}{AGAIN}"
        )
    elif isinstance(files.format, JsonlFormat):
        remedy = "Write the number as a text in the file (in quotes), and declare the column as string."
    if loss.kind == "repeated":
        remedy = "Give each key once, or other names, in the file; then run again."
    elif loss.kind == "null" and isinstance(files.format, ParquetFormat | AvroFormat):
        remedy = "Write the file with NULL in place of such values, or with the values as text; then run again."
    elif loss.kind in STORED:
        remedy = STORED[loss.kind] + drop + AGAIN
    elif loss.kind in unrepaired.KINDS:
        remedy = REWRITE[loss.kind] + drop + AGAIN
    elif loss.kind == "nanoseconds":
        remedy = "Write the file with microseconds, or with the time as text."
    elif loss.kind == "digits" and "decimal_as_float" in loss.loaded:
        remedy = "Remove decimal_as_float from the stream's format in connections.yaml, then make apply and run again."
    unsure = "" if loss.is_sure else " (the rows of the file have neither of the two values)"
    return Finding(
        REASONS[loss.kind].format(text=loss.text, loaded=loss.loaded) + unsure,
        remedy,
        file,
        loss.line,
        loss.column,
        blocking=loss.kind not in WARNINGS and loss.is_sure,
    )


def _fewer(stream: Stream, facts: Mapping[str, FileFacts], table: TableFacts, explained: Set[str]) -> list[Finding]:
    """Return a finding for each column with fewer values than the files have, if the table is a copy of the files."""
    losses = {loss.column for fact in facts.values() for loss in fact.losses if loss.kind == "null"}
    told = {column for column in table.values if any(bears(column, name) for name in losses)}
    records = sum(fact.records for fact in facts.values())
    if stream.sync_mode != "full_refresh_overwrite" or records != table.rows:
        return []
    found = []
    for column, values in table.values.items():
        counts = [count for fact in facts.values() for name, count in fact.values.items() if bears(column, name)]
        known = len(counts) == len(facts) and column not in told
        if known and values < sum(counts) and not any(bears(other, column) for other in explained):
            found.append(
                Finding(
                    f"{sum(counts) - values} values of the files are NULL in the table",
                    "Compare the file with the rows of the table; write such values as text, then run again.",
                    next(iter(facts)),
                    column=column,
                )
            )
    return found
