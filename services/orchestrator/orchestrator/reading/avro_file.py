"""The facts about an Avro file, whose schema says which of its fields can lose something."""

import json
from collections.abc import Iterator
from datetime import date, time
from typing import Any, BinaryIO

from orchestrator.reading.avro_blocks import Header, count_records, read_header, records
from orchestrator.reading.avro_values import finder, is_nullable, plain, unknown_type
from orchestrator.reading.facts import NOTHING, FileFacts, Loss, Sought
from orchestrator.reading.formats import AvroFormat
from orchestrator.reading.names import bears


def scan_avro(raw: BinaryIO, file_format: AvroFormat, sought: Sought = NOTHING) -> FileFacts:
    """Return the facts about an Avro file. Its records are decoded only if a value of them matters.

    Raises ValueError or EOFError if it is not an Avro file, or if it is damaged. The line of a value is its record.
    """
    header = read_header(raw)
    fields = {field["name"]: field["type"] for field in header.schema["fields"]}
    facts = FileFacts(names=list(fields), header_line=0)
    nullable = {name for name, kind in fields.items() if is_nullable(kind, header)}
    empty = {name for name in fields if any(bears(column, name) for column in sought.empty)}
    finders = {}
    for name, kind in fields.items():
        numeric = any(bears(column, name) for column in sought.kinds)
        if found := finder(kind, header, numeric=numeric, as_text=file_format.double_as_string):
            finders[name] = found
    if finders or empty & nullable:
        _read_values(raw, header, facts, empty & nullable, finders)
    else:
        facts.records = count_records(raw, header)
    # A field that cannot be NULL has a value in each record.
    facts.values = {name: facts.records for name in fields if name not in nullable}
    for name, kind in fields.items():
        if facts.records and (unknown := unknown_type(kind, header)):
            loss, text, loaded = unknown
            facts.losses.append(Loss(column=name, kind=loss, line=0, text=text, loaded=loaded))
    if facts.records:
        facts.first_values |= dict.fromkeys(sorted(empty - nullable), 1)
    return facts


def _read_values(raw: BinaryIO, header: Header, facts: FileFacts, empty: set[str], finders: dict[str, Any]) -> None:
    noted: set[tuple[str, str]] = set()
    for number, record in enumerate(records(raw, header, plain(header.schema)), 1):
        facts.records = number
        for name in [name for name in empty if record[name] is not None]:
            facts.first_values[name] = number
            empty.remove(name)
        for name, losses in finders.items():
            for kind, text, loaded in losses(record[name]):
                if (name, kind) not in noted:
                    noted.add((name, kind))
                    facts.losses.append(Loss(column=name, kind=kind, line=number, text=text, loaded=loaded))


def avro_rows(raw: BinaryIO) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number of each record, and its values as text."""
    for number, record in enumerate(records(raw, read_header(raw)), 1):
        yield number, {name: _text(value) for name, value in record.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, date | time):
        return value.isoformat()
    return json.dumps(value, default=str) if isinstance(value, bool | dict | list) else str(value)
