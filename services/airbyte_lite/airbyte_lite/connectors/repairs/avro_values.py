"""Reads the values of an Avro file. Some of them do not exist in Python, in JSON or in Airbyte."""

import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import cramjam
import fastavro
from airbyte_cdk.sources.file_based.exceptions import RecordParseError
from airbyte_cdk.sources.file_based.file_types.avro_parser import AvroParser

from .faults import FileFault
from .values import AS_TEXT, ValueFault, json_error, not_utf8

CODECS = ("null", "deflate", "snappy", "bzip2", "xz")
"""The compressions for which the connector has a library."""
DAMAGES = (EOFError, IndexError, zlib.error, lzma.LZMAError, cramjam.DecompressionError)
"""What fastavro raises where a file is damaged or cut off."""
DAMAGED = re.compile("sync marker|Invalid data stream")
"""The messages of other errors that it raises there: for a wrong end of a block, and for bzip2."""

VALUE_ERRORS = (ValueError, ArithmeticError)
"""What Python raises for a value; an error of the network is another one."""


def exact_values() -> None:
    """Read decimals in unions. Refuse what airbyte-cdk 7.39.1 fails on with record and column.

    The connector reads a decimal as text, but not in a union such as `["null", decimal]`: there it fails. It names
    neither record nor column of a date after the year 9999 ("year 10000 is out of range") or of bytes that are not
    UTF-8, and not even the file of a decimal in a list. It rounds a decimal with more digits than its type has. No
    upstream report is known.
    """
    value_of, records = AvroParser._to_output_value, AvroParser.parse_records

    def output_value(file_format: Any, kind: Any, value: Any) -> Any:
        if isinstance(value, Decimal):
            _require_digits(value, kind)
            return str(value)
        found = value_of(file_format, kind, value)
        if isinstance(found, list | dict) and (reason := json_error(found)):
            raise ValueFault(f"an array, a map or a record cannot be written as JSON ({reason}). {AS_TEXT}") from reason
        return found

    def parse_records(
        self: Any, config: Any, file: Any, stream_reader: Any, logger: Any, discovered_schema: Any
    ) -> Iterator[Any]:
        read = 0
        try:
            for record in records(self, config, file, stream_reader, logger, discovered_schema):
                yield record
                read += 1
        except RecordParseError as error:

            def content() -> Any:
                return stream_reader.open_file(file, self.file_read_mode, self.ENCODING, logger)

            if isinstance(error.__cause__, Exception):
                fault = _fault(content, file.uri, read, error.__cause__, config.format)
                if fault:
                    raise fault from error
            raise

    AvroParser._to_output_value = staticmethod(output_value)
    AvroParser.parse_records = parse_records


def _require_digits(value: Decimal, kind: Any) -> None:
    """Raise ValueFault if fastavro has rounded a decimal: then it has fewer decimals than its type."""
    branches = kind if isinstance(kind, list) else [kind]
    decimals = [each for each in branches if isinstance(each, dict) and each.get("logicalType") == "decimal"]
    if decimals and value.as_tuple().exponent not in {-each.get("scale", 0) for each in decimals}:
        precision = " or ".join(str(each["precision"]) for each in decimals)
        raise ValueFault(f"the decimal has more digits than its type, whose precision is {precision}. {AS_TEXT}")


def _fault(content: Callable[[], Any], file: str, read: int, error: Exception, file_format: Any) -> FileFault | None:
    """Return the fault after `read` records; None if the error is of another kind, such as a file that is not Avro."""
    try:
        with content() as binary:
            header: Any = fastavro.reader(binary)
            schema, codec = header.writer_schema, header.codec
        fields = schema["fields"]
    except (ValueError, LookupError, EOFError, TypeError):
        return None
    if codec not in CODECS:
        reason = (
            f"the file is compressed with {codec}, which the connector cannot read. Write it with deflate or snappy."
        )
        return FileFault(file, "", reason)
    if isinstance(error, DAMAGES) or DAMAGED.search(str(error)):
        reason = f"the file is damaged or cut off after {read} records ({error}). Write or upload it again."
        return FileFault(file, "", reason)
    if not isinstance(error, VALUE_ERRORS):
        return None
    try:
        with content() as binary:
            record = _record(binary, schema, read)
    except Exception:  # then the connector's own error is told
        return None
    for field in fields:
        try:
            one: Any = fastavro.schemaless_reader(io.BytesIO(record), schema, {**schema, "fields": [field]})
            AvroParser._to_output_value(file_format, field["type"], one[field["name"]])
        except Exception as found:
            # Another error: a field alone may refer to a type that is defined in another field.
            if type(found) is type(error):
                place = f"record {read + 1}, column {field['name']!r}"
                return FileFault(file, place, _reason(field["type"], error))
    return None


def _record(binary: Any, schema: Any, position: int) -> bytes:
    """Return the bytes of a block from a record on. Only the records before it in its block are decoded."""
    blocks: Any = fastavro.block_reader(binary)
    for block in blocks:
        if position < block.num_records:
            for _ in range(position):
                fastavro.schemaless_reader(block.bytes_, schema, None)
            return bytes(block.bytes_.read())
        position -= block.num_records
    return b""


def _reason(kind: Any, error: Exception) -> str:
    if isinstance(error, ValueFault):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return not_utf8(error)
    branches = kind if isinstance(kind, list) else [kind]
    logical = [branch["logicalType"] for branch in branches if isinstance(branch, dict) and "logicalType" in branch]
    return f"the value of the type {logical[0] if logical else kind} cannot be read ({error}). {AS_TEXT}"
