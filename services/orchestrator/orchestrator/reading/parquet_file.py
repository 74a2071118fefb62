"""The facts about a Parquet file, from its footer; the rows are not read."""

from collections.abc import Collection
from typing import BinaryIO

from orchestrator.reading.csv_file import bears
from orchestrator.reading.facts import FileFacts


def scan_parquet(file: BinaryIO, columns: Collection[str] = ()) -> FileFacts:
    """Return the facts about a Parquet file, which must be seekable. Raises ValueError if it is not a Parquet file."""
    import pyarrow.parquet

    metadata = pyarrow.parquet.ParquetFile(file).metadata
    facts = FileFacts(records=metadata.num_rows, names=list(metadata.schema.to_arrow_schema().names))
    for group in range(metadata.num_row_groups):
        for position in range(metadata.num_columns):
            column = metadata.row_group(group).column(position)
            name, known = column.path_in_schema, column.statistics
            has_values = known is not None and known.has_null_count and known.null_count < column.num_values
            if has_values and any(bears(wanted, name) for wanted in columns):
                facts.first_values.setdefault(name, 0)
    return facts
