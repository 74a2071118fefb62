"""One pass over a JSON lines file."""

from collections.abc import Collection
from typing import BinaryIO

from orchestrator.reading.csv_file import bears
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.text import TooLongError, blocks

OVER_LINES_LIMIT = 1024 * 1024
"""Most characters of a JSON value over several lines. It is parsed again with each line, which takes quadratic time."""


def scan_json_lines(raw: BinaryIO, columns: Collection[str] = ()) -> FileFacts:
    """Return the facts about a JSON lines file. Each JSON value is a record, on one line or over several.

    The connector skips text that is not JSON at the end of the file, without an error if a record came before it. Such
    text is a fault and counts as a record.
    """
    facts = FileFacts()
    try:
        _scan(raw, facts, columns)
    except TooLongError as error:
        facts.uncounted = f"{error}; the rest of the file was not read"
        facts.add_fault("long value", 0, str(error))
    return facts


def _scan(raw: BinaryIO, facts: FileFacts, columns: Collection[str]) -> None:
    import orjson  # as the connector does: the standard library's parser would accept NaN

    pending, line_number, start = "", 0, 1
    names: dict[str, None] = {}
    for block in blocks(raw, "utf8", facts):
        for line in block.split("\n")[:-1]:
            line_number += 1
            pending = f"{pending}\n{line}" if pending else line
            try:
                record = orjson.loads(pending)
            except orjson.JSONDecodeError:
                if not pending.strip():
                    pending, start = "", line_number + 1
                elif len(pending) > OVER_LINES_LIMIT and pending != line:
                    facts.add_fault("not JSON", start, "here begins text that is not JSON, or a value over many lines")
                    facts.uncounted = (
                        f"in line {start} begins text that is not JSON, or a value of more than {OVER_LINES_LIMIT} "
                        "characters over several lines"
                    )
                    facts.names = list(names)
                    return
                continue
            if isinstance(record, dict) and not names.keys() >= record.keys():
                names.update(dict.fromkeys(record))
            if columns and isinstance(record, dict):
                _note_values(facts, record, start, columns)
            facts.records += 1
            pending, start = "", line_number + 1
    facts.names = list(names)
    if pending.strip():
        facts.records += 1
        facts.add_fault("not JSON", start, "the text from here to the end of the file is not JSON")


def _note_values(facts: FileFacts, record: dict[str, object], line: int, columns: Collection[str]) -> None:
    for name, value in record.items():
        if value is not None and name not in facts.first_values and any(bears(column, name) for column in columns):
            facts.first_values[name] = line
