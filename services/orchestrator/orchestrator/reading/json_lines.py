"""One pass over a JSON lines file."""

import json
import re
from collections.abc import Collection, Iterator
from typing import BinaryIO

from orchestrator.reading import json_keys, json_numbers
from orchestrator.reading.facts import NOTHING, FileFacts, Loss, Sought
from orchestrator.reading.garbled import Garbled
from orchestrator.reading.json_cells import Cells
from orchestrator.reading.json_shapes import Shapes, are_plain
from orchestrator.reading.names import borne
from orchestrator.reading.text import TooLongError, blocks, byte_blocks

OVER_LINES_LIMIT = 1024 * 1024
"""Most bytes of a JSON value over several lines. It is parsed with each line that may be its last one."""
LONG_WHOLE_NUMBER = re.compile(r"[:,\[]\s*-?(?:[0-9]{7}[0-9.]{9,}|[0-9.]+[eE])")
"""As LONG_NUMBER, without numbers that lose decimals only. They are often in each line; the first one is told."""


def scan_json_lines(raw: BinaryIO, sought: Sought = NOTHING) -> FileFacts:
    """Return the facts about a JSON lines file. Each JSON value is a record, on one line or over several.

    The connector skips text that is not JSON at the end of the file, without an error if a record came before it. Such
    text is a fault and counts as a record.
    """
    facts = FileFacts(header_line=0)
    try:
        _scan(raw, facts, sought)
    except TooLongError as error:
        facts.uncounted = f"{error}; the rest of the file was not read"
        facts.add_fault("long value", 0, str(error))
    return facts


def _scan(raw: BinaryIO, facts: FileFacts, sought: Sought) -> None:
    import orjson  # as the connector does: the standard library's parser would accept NaN

    pending: bytes | bytearray = b""
    line_number, start = 0, 1
    names: dict[str, None] = {}
    garbled = Garbled("utf8")
    rounded = set[str]()  # the fields of which a number that loses decimals is known
    cells = Cells(sought.kinds)
    shapes = Shapes(lambda name: name not in facts.first_values and not sought.empty.isdisjoint(borne(name)), cells)
    for block in byte_blocks(raw, "utf8", facts, garbled):
        text = block.text
        position, before, plain = 0, line_number, are_plain(block)
        while position < len(text):
            if not pending and (end := shapes.end(text, position, plain=plain)) > position:
                lines = before + int(block.ends.searchsorted(end)) - line_number
                facts.records += lines
                line_number, start, position = line_number + lines, line_number + lines + 1, end
                continue
            end = text.index(b"\n", position)
            line, position = text[position:end], end + 1
            line_number += 1
            is_first = not pending
            pending = line if is_first else _with_line(pending, line)
            if not (is_first or _may_end_value(line) or len(pending) > OVER_LINES_LIMIT):
                continue
            try:
                record = orjson.loads(pending)
            except orjson.JSONDecodeError:
                if is_first and not line.decode().strip():
                    pending, start = b"", line_number + 1
                elif len(pending) > OVER_LINES_LIMIT and not is_first:
                    facts.add_fault("not JSON", start, "here begins text that is not JSON, or a value over many lines")
                    facts.uncounted = (
                        f"in line {start} begins text that is not JSON, or a value of more than {OVER_LINES_LIMIT} "
                        "bytes over several lines"
                    )
                    facts.names = list(names)
                    return
                continue
            if isinstance(record, dict) and not names.keys() >= record.keys():
                names.update(dict.fromkeys(record))
            if isinstance(record, dict):
                parsed = pending.decode()
                found = len(facts.first_values) + cells.noted
                if sought.empty:
                    _note_values(facts, record, start, sought.empty)
                if json_keys.may_repeat(parsed, record):
                    _note_repeated(facts, parsed, start)
                for name, kind, written, loaded in cells.losses(record, parsed):
                    facts.losses.append(Loss(column=name, kind=kind, line=start, text=written, loaded=loaded))
                long_number = json_numbers.LONG_NUMBER if _has_fractions(record, rounded) else LONG_WHOLE_NUMBER
                if long_number.search(parsed):
                    rounded |= _note_losses(facts, parsed, start, sought)
                if len(facts.first_values) + cells.noted > found or rounded != shapes.rounded:
                    shapes.again(rounded=frozenset(rounded))
                shapes.learn(record, parsed)
            facts.records += 1
            pending, start = b"", line_number + 1
    facts.names = list(names)
    garbled.note(facts, _column_of)
    if pending.decode().strip():
        facts.records += 1
        facts.add_fault(
            "not JSON", start, f"the text from here to the end of the file is not JSON{_reason(pending.decode())}"
        )


def _with_line(pending: bytes | bytearray, line: bytes) -> bytearray:
    """Return the text with one more line. A bytearray is not copied each time."""
    text = pending if isinstance(pending, bytearray) else bytearray(pending)
    text += b"\n"
    text += line
    return text


def _may_end_value(line: bytes) -> bool:
    """Return whether a value over several lines may end with this line: only objects and lists go over lines."""
    return line.rstrip()[-1:] in (b"}", b"]")


def _column_of(line: str, word: str) -> str:
    """Return the field of an object on one line that has a word in its value; an empty text if there is none."""
    try:
        record = json.loads(line)
    except ValueError:
        return ""
    fields = record.items() if isinstance(record, dict) else ()
    return next((name for name, value in fields if word in json.dumps(value, ensure_ascii=False)), "")


def _reason(text: str) -> str:
    """Return why a text is not JSON, as far as its first line shows it."""
    import orjson

    if text.startswith("\ufeff"):
        return ": it begins with a byte order mark. Save it as UTF-8 without one"
    try:
        orjson.loads(text.partition("\n")[0])
    except orjson.JSONDecodeError as error:
        return f": {error}"
    return ""


def _note_values(facts: FileFacts, record: dict[str, object], line: int, columns: frozenset[str]) -> None:
    for name, value in record.items():
        if value is not None and name not in facts.first_values and not columns.isdisjoint(borne(name)):
            facts.first_values[name] = line


def json_rows(raw: BinaryIO) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each record that is on one line, its values as text, with its line. As slow as `csv_rows`."""
    number = 0
    for block in blocks(raw, "utf8", FileFacts()):
        for line in block.split("\n")[:-1]:
            number += 1
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield (
                    number,
                    {
                        name: value if isinstance(value, str) else json.dumps(value)
                        for name, value in record.items()
                        if value is not None
                    },
                )


def _note_repeated(facts: FileFacts, text: str, line: int) -> None:
    """Note the first key of each field that an object has twice, with different values."""
    noted = {loss.column for loss in facts.losses if loss.kind == "repeated"}
    for name, key, last in json_keys.repeated(text):
        if name not in noted:
            noted.add(name)
            loss = Loss(column=name, kind="repeated", line=line, text=key[:100], loaded=json_keys.shown(last))
            facts.losses.append(loss)


def _has_fractions(record: dict[str, object], known: Collection[str]) -> bool:
    """Return whether a field that is not known may have fractions."""
    return any(isinstance(value, float | dict | list) and name not in known for name, value in record.items())


def _note_losses(facts: FileFacts, text: str, line: int, sought: Sought) -> set[str]:
    """Note the first number of each field that loses digits. Return the fields with one that loses decimals only."""
    record = json_numbers.read(text)
    noted = {(loss.column, loss.kind) for loss in facts.losses}
    rounded = set[str]()
    for name, value in record.items():
        kinds = {sought.kinds[column] for column in borne(name) & sought.kinds.keys()} - {"spelling"}
        if isinstance(value, json_numbers.Number) and "integer" in kinds:
            continue  # NULL in the table if it is too large, and noted by Airbyte
        for number, found in json_numbers.losses(value, numeric=bool(kinds)):
            if found[0] == "decimals":
                rounded.add(name)
            if (name, found[0]) not in noted:
                noted.add((name, found[0]))
                facts.losses.append(Loss(column=name, kind=found[0], line=line, text=number[:100], loaded=found[1]))
    return rounded
