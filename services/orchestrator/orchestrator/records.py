"""Counts the records of a file as source-s3 reads them. A file is streamed, never held in memory.

The connector stops at a byte that is invalid in the file's encoding. The count does not stop there: it includes the
records after the byte, which are missing in the table.
"""

import bz2
import csv
import gzip
import io
import sys
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from orchestrator.s3_streams import CsvFormat, JsonlFormat, NotCountedError

BUFFER_BYTES = 64 * 1024
JSON_OVER_LINES_LIMIT = 1024 * 1024
"""Most characters of a JSON value over several lines. It is parsed again with each line, which takes quadratic time."""
PARQUET_FOOTER_BYTES = 64 * 1024
"""How much of the end of a Parquet file is read at first: enough for the footer of most files."""


def count_records(raw: io.RawIOBase, key: str, file_format: CsvFormat | JsonlFormat) -> int:
    """Return the number of records of a CSV or JSON lines file.

    Like the connector, it decompresses keys that end in .gz and .bz2. Raises NotCountedError for a JSON value over
    several lines that is too long.
    """
    file: BinaryIO
    match PurePosixPath(key).suffix:
        case ".gz":
            file = cast(BinaryIO, gzip.GzipFile(fileobj=cast(BinaryIO, raw), mode="rb"))
        case ".bz2":
            file = cast(BinaryIO, bz2.BZ2File(cast(BinaryIO, raw)))
        case _:
            file = cast(BinaryIO, io.BufferedReader(raw, BUFFER_BYTES))
    encoding = (file_format.encoding or "utf8") if isinstance(file_format, CsvFormat) else "utf8"
    with io.TextIOWrapper(file, encoding, errors="replace") as text:
        return _count_csv(text, file_format) if isinstance(file_format, CsvFormat) else _count_json(text)


def _count_csv(text: io.TextIOWrapper, file_format: CsvFormat) -> int:
    csv.field_size_limit(sys.maxsize)  # the module's own limit is 128 KiB a value
    for _ in range(file_format.lines_before_records):
        text.readline()
    records = csv.reader(
        text,
        delimiter="\t" if file_format.delimiter == r"\t" else file_format.delimiter,
        quotechar=file_format.quote_char,
        escapechar=file_format.escape_char,
        doublequote=file_format.double_quote,
    )
    return sum(1 for record in records if record)


def _count_json(text: io.TextIOWrapper) -> int:
    """Count JSON values, each on one line or over several.

    Text at the end that is not JSON counts as one record. The connector skips it, without an error if a record came
    before it.
    """
    import orjson  # as the connector does: the standard library's parser would accept NaN

    records, pending = 0, ""
    for line in text:
        pending += line
        try:
            orjson.loads(pending)
        except orjson.JSONDecodeError:
            if len(pending) > JSON_OVER_LINES_LIMIT and pending != line:
                raise NotCountedError(
                    f"after {records} records comes text that is not JSON, or a value of more than "
                    f"{JSON_OVER_LINES_LIMIT} characters over several lines"
                ) from None
        else:
            records, pending = records + 1, ""
    return records + bool(pending.strip())


def count_parquet(read_end: Callable[[int], bytes]) -> int:
    """Return the number of rows that the footer of a Parquet file states.

    `read_end` returns the last bytes of the file, as many as it is asked for, or the whole file if that is smaller.
    Raises ValueError if the file is not a Parquet file.
    """
    import pyarrow.parquet

    end = read_end(PARQUET_FOOTER_BYTES)
    needed = int.from_bytes(end[-8:-4], "little") + 8  # the footer, its length in 4 bytes, and the mark PAR1
    if end.endswith(b"PAR1") and needed > len(end):
        end = read_end(needed)
    return int(pyarrow.parquet.read_metadata(io.BytesIO(end)).num_rows)
