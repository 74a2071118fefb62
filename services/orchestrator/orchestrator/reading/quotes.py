"""Where a quote opens that nothing closes."""

import re

from orchestrator.reading.formats import CsvFormat


def open_quote(text: str, file_format: CsvFormat) -> int | None:
    """Return on which line of a record's text (from 0) a quote opens that is not closed; None if all are closed.

    As in the module csv, a quote opens only at the beginning of a value.
    """
    separator, quote, escape = (
        re.escape(part or "") for part in (file_format.separator, file_format.quote_char, file_format.escape_char)
    )
    escaped = f"{escape}." if escape else "(?!)"
    doubled = f"{quote}{quote}" if file_format.double_quote else "(?!)"
    inside = rf"(?:{escaped}|{doubled}|[^{quote}{escape}])*+"
    value = re.compile(rf"(?P<open>{quote}){inside}(?P<close>{quote})?|", re.DOTALL)
    rest = re.compile(rf"(?:{escaped}|[^{separator}{escape}\n])*+(?:{separator}|\n|\Z)", re.DOTALL)
    position = 0
    while position < len(text):
        found = value.match(text, position)
        if found and found["open"] and not found["close"]:
            return text.count("\n", 0, position)
        position = found.end() if found else position
        after = rest.match(text, position)
        position = after.end() if after else len(text)
    return None
