"""The facts about a Parquet file, from its footer; the rows are not read."""

import math
from typing import Any, BinaryIO

from orchestrator.reading.exact import digits_loss
from orchestrator.reading.facts import NOTHING, FileFacts, Loss, Sought
from orchestrator.reading.formats import ParquetFormat
from orchestrator.reading.names import bears

EXACT_DIGITS = 15
"""A double keeps so many digits of every decimal number."""


def scan_parquet(file: BinaryIO, file_format: ParquetFormat, sought: Sought = NOTHING) -> FileFacts:
    """Return the facts about a Parquet file, which must be seekable. Raises ValueError if it is not a Parquet file."""
    import pyarrow.parquet

    metadata = pyarrow.parquet.ParquetFile(file).metadata
    schema = metadata.schema.to_arrow_schema()
    facts = FileFacts(records=metadata.num_rows, names=list(schema.names))
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
            if values and any(bears(wanted, name) for wanted in sought.empty):
                facts.first_values.setdefault(name, 0)
            _note_nanoseconds(facts, schema.field(name).type, name, known)
            if any(bears(column, name) for column in sought.kinds):
                _note_decimals(facts, schema.field(name).type, name, known)
    for name in unknown:
        facts.values.pop(name, None)
    if file_format.decimal_as_float:
        facts.losses += [
            Loss(column=each.name, kind="digits", line=0, text=str(each.type), loaded="a double (decimal_as_float)")
            for each in schema
            if pyarrow.types.is_decimal(each.type) and each.type.precision > EXACT_DIGITS
        ]
    return facts


def _note_nanoseconds(facts: FileFacts, kind: Any, name: str, known: Any) -> None:
    """Note the first time with nanoseconds among the smallest and the largest of each row group."""
    import pyarrow

    if not (pyarrow.types.is_timestamp(kind) and kind.unit == "ns") or not known.has_min_max:
        return
    if any(loss.column == name for loss in facts.losses):
        return
    for raw in (known.min_raw, known.max_raw):
        if raw % 1000:
            text = str(pyarrow.scalar(raw, kind))
            facts.losses.append(Loss(column=name, kind="nanoseconds", line=0, text=text, loaded=text[:-3]))
            return


def _note_decimals(facts: FileFacts, kind: Any, name: str, known: Any) -> None:
    """Note the first number with more than nine decimals among the smallest and the largest of each row group."""
    import pyarrow

    if not pyarrow.types.is_floating(kind) or not known.has_min_max:
        return
    if any(loss.column == name for loss in facts.losses):
        return
    for number in (known.min, known.max):
        text = repr(float(number))
        if math.isfinite(number) and (found := digits_loss(text, numeric=True)):
            facts.losses.append(Loss(column=name, kind=found[0], line=0, text=text, loaded=found[1]))
            return
