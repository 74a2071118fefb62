"""Texts of a Parquet file that were read in a wrong encoding before they were written to it.

Only the first rows are looked at, because the texts of all rows take more time than all other checks. A program with
this fault has it in all rows.
"""

from functools import partial
from typing import Any, BinaryIO

from orchestrator.reading.facts import FileFacts
from orchestrator.reading.garbled import Garbled

ROWS = 8192
BUFFER_BYTES = 1024 * 1024
"""So many bytes of a column are read at a time, not the column of a whole row group."""


def note_garbled(file: BinaryIO, metadata: Any, facts: FileFacts) -> None:
    """Note the first such text, and the first character that could not be read, of each column of texts.

    `metadata` is the footer of the file.
    """
    import pyarrow.parquet

    opened = pyarrow.parquet.ParquetFile(file, metadata=metadata, buffer_size=BUFFER_BYTES, pre_buffer=False)
    names = [field.name for field in opened.schema_arrow if _is_text(field.type)]
    batch = next(opened.iter_batches(batch_size=ROWS, columns=names), None) if names else None
    for name, column in zip(batch.schema.names, batch.columns, strict=True) if batch else ():
        if name not in names:
            continue
        texts = column.cast(pyarrow.large_string())
        data = texts.buffers()[2]
        if data is None or data.to_pybytes().isascii():
            continue
        lines = "".join(f"{(text or '').replace('\n', ' ')}\n" for text in texts.to_pylist())
        found = Garbled("utf-8")
        found.look(lines.encode(), 0)
        found.note(facts, partial(_same, name))


def _same(name: str, _line: str, _word: str) -> str:
    return name


def _is_text(kind: Any) -> bool:
    import pyarrow.types as types

    kind = kind.value_type if types.is_dictionary(kind) else kind  # of pandas: a category
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))
