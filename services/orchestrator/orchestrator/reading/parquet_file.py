"""The facts about a Parquet file: from its footer, and from the columns in which a value may lose something."""

from typing import BinaryIO

from orchestrator.reading.facts import NOTHING, FileFacts, Loss, Sought
from orchestrator.reading.formats import ParquetFormat
from orchestrator.reading.names import borne
from orchestrator.reading.parquet_texts import note_garbled
from orchestrator.reading.parquet_values import note_int96, note_losses

EXACT_DIGITS = 15
"""A double keeps so many digits of every decimal number."""


def scan_parquet(file: BinaryIO, file_format: ParquetFormat, sought: Sought = NOTHING) -> FileFacts:
    """Return the facts about a Parquet file, which must be seekable. Raises ValueError if it is not a Parquet file."""
    import pyarrow.parquet

    opened = pyarrow.parquet.ParquetFile(file, coerce_int96_timestamp_unit="us")
    metadata = opened.metadata
    schema = metadata.schema.to_arrow_schema()
    facts = FileFacts(records=metadata.num_rows, names=list(schema.names), header_line=0)
    unknown: set[str] = set()
    for group in range(metadata.num_row_groups):
        for position in range(metadata.num_columns):
            column = metadata.row_group(group).column(position)
            name, known = column.path_in_schema, column.statistics
            if name not in schema.names:  # a part of a list, a map or an object
                continue
            if known is None or not known.has_null_count:
                unknown.add(name)
                continue
            values = column.num_values - known.null_count  # num_values counts the NULLs too
            facts.values[name] = facts.values.get(name, 0) + values
            if values and borne(name) & sought.empty:
                facts.first_values.setdefault(name, 0)
    for name in unknown:
        facts.values.pop(name, None)
    note_losses(opened, facts, sought)
    note_garbled(file, metadata, facts)
    if any(metadata.schema.column(at).physical_type == "INT96" for at in range(metadata.num_columns)):
        note_int96(pyarrow.parquet.ParquetFile(file), opened, facts)
    if file_format.decimal_as_float:
        facts.losses += [
            Loss(column=each.name, kind="digits", line=0, text=str(each.type), loaded="a double (decimal_as_float)")
            for each in schema
            if pyarrow.types.is_decimal(each.type) and each.type.precision > EXACT_DIGITS
        ]
    return facts
