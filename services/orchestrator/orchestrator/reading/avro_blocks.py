"""The header and the blocks of an Avro file. Each block says how many records and bytes it has."""

import io
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

MAGIC = b"Obj\x01"
SYNC_BYTES = 16
LONG_BITS = 70
"""A number of 64 bits has at most ten bytes, with seven bits in each."""
PIECE_BYTES = 1024 * 1024
"""So many bytes are in memory at a time where a block is passed over."""
HEADER = {
    "type": "record",
    "name": "org.apache.avro.file.Header",
    "fields": [
        {"name": "magic", "type": {"type": "fixed", "name": "magic", "size": len(MAGIC)}},
        {"name": "meta", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "sync", "size": SYNC_BYTES}},
    ],
}


@dataclass(frozen=True)
class Header:
    """What stands before the blocks."""

    schema: dict[str, Any]
    """The schema of the records as fastavro resolves it: each reference to a named type has its full name."""
    definitions: dict[str, Any]
    """The named types by their full names."""
    meta: dict[str, bytes]
    sync: bytes


def read_header(raw: BinaryIO) -> Header:
    """Read the header. Raises ValueError if it is not that of an Avro file with records."""
    # Imported here: loading the code location does not need it.
    import fastavro
    from fastavro.schema import SchemaParseException

    start = raw.read(len(MAGIC))
    if start != MAGIC:
        raise ValueError("it is not an Avro file")
    definitions: dict[str, Any] = {}
    try:
        found = cast(dict[str, Any], fastavro.schemaless_reader(cast(BinaryIO, _Joined(start, raw)), HEADER, None))
        schema = fastavro.parse_schema(json.loads(found["meta"]["avro.schema"]), definitions)
    except (KeyError, TypeError, SchemaParseException) as error:
        raise ValueError(f"its schema is not valid: {error!r}") from error
    except IndexError as error:
        raise EOFError("it is cut off inside its header") from error
    if not isinstance(schema, dict) or schema["type"] != "record":
        raise ValueError("it has values that are not records")
    schema = {name: value for name, value in schema.items() if not name.startswith("__")}  # fastavro's own notes
    return Header(schema, definitions, found["meta"], found["sync"])


def written(header: Header, schema: Any = None) -> bytes:
    """Return the bytes of the header, with another schema for the same records if one is given."""
    import fastavro

    file = io.BytesIO()
    meta = header.meta | ({"avro.schema": json.dumps(schema).encode()} if schema else {})
    fastavro.schemaless_writer(file, HEADER, {"magic": MAGIC, "meta": meta, "sync": header.sync})
    return file.getvalue()


def count_records(raw: BinaryIO, header: Header) -> int:
    """Return the number of records in the blocks that follow the header, without decoding one."""
    records, raw = 0, cast(BinaryIO, _Joined(b"", raw))
    while (count := _long(raw, or_end=True)) is not None:
        records += count
        size = cast(int, _long(raw))
        _pass_over(raw, size)
        if count < 0 or size < 0 or raw.read(SYNC_BYTES) != header.sync:
            raise ValueError("it is damaged or cut off: a block has another end than the header says")
    return records


def records(raw: BinaryIO, header: Header, schema: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Yield the records that follow the header, with one block in memory.

    `schema` is another schema for the same bytes; without it, the values are those that the connector has.
    """
    import cramjam
    import fastavro

    file = cast(BinaryIO, _Joined(written(header, schema), raw))
    try:
        yield from cast(Iterator[dict[str, Any]], fastavro.reader(file))
    except IndexError as error:
        raise EOFError("it is cut off inside a block") from error
    except (KeyError, OverflowError, lzma.LZMAError, cramjam.DecompressionError) as error:
        raise ValueError(f"it is damaged: {error!r}") from error


class _Joined:
    """Some bytes, and then those of a file."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first, self._rest = io.BytesIO(first), rest

    def read(self, size: int) -> bytes:
        """Return `size` bytes, fewer at the end of the file."""
        found = self._first.read(size)
        while len(found) < size and (more := self._rest.read(size - len(found))):
            found += more
        return found


def _long(raw: BinaryIO, *, or_end: bool = False) -> int | None:
    """Return the whole number that comes next; with `or_end`, None at the end of the file."""
    found = shift = 0
    while shift < LONG_BITS and (byte := raw.read(1)):
        found |= (byte[0] & 0x7F) << shift
        if not byte[0] & 0x80:
            return (found >> 1) ^ -(found & 1)
        shift += 7
    if shift >= LONG_BITS:
        raise ValueError("it is damaged: a block begins with a number that is too long")
    if or_end and not shift:
        return None
    raise EOFError("it is cut off inside a block")


def _pass_over(raw: BinaryIO, size: int) -> None:
    while size > 0:
        piece = len(raw.read(min(size, PIECE_BYTES)))
        if not piece:
            raise EOFError("it is cut off inside a block")
        size -= piece
