"""The check that the files are well formed: what the connector reads is what the file means."""

import codecs
import re
from collections.abc import Mapping

from orchestrator.checks.findings import Finding
from orchestrator.reading.facts import FaultKind, FileFacts
from orchestrator.reading.formats import CsvFormat, StreamFiles

NAME = "file_is_well_formed"
DESCRIPTION = """The files can be read in one way only.

An error: a quote that is never closed, records with more or fewer values than the header, a NUL byte, a byte that is
not valid in the encoding, another encoding than the format says, a byte order mark before a value or at the beginning
of a record, an escape character before a letter or a digit, text that is not JSON, the header again as a record, a line
of dashes below the header, the character 0x1A as the last line. A warning: quotes inside a quoted value that are not
doubled, a blank before a quote, a quoted value over lines that look like records, a value that is too long to be read,
text that was read in a wrong encoding before, a record without values, a total, a copy of another file, a file in place
of which Airbyte's connector reads another one and, with ignore_errors_on_fields_mismatch, records with another number
of values.
"""
REMEDIES: dict[FaultKind, str] = {
    "open quote": "Close the quote in the file, or double it if it belongs to the text, then run again.",
    "text after quote": "Double the quote in the file, or set escape_char in the stream's format. If quotes are parts "
    "of the texts, as in many files with tabs, set quote_char to a character that the file does not have.",
    "blank before quote": "Remove the blanks between delimiter and quote from the file, or trim the values in the "
    "staging model.",
    "escaped letter": "Double the escape character in the file. Or leave escape_char out of the stream's format, and "
    r"add texts such as \N to null_values; then make apply and run again.",
    "lines in quotes": "Look whether a closing quote is missing in the file.",
    "number of values": "Correct the line: quote values that contain the delimiter, then run again.",
    "NUL byte": "Set the file's encoding (for example utf-16) in the stream's format, or remove the byte.",
    "encoding": "Set the file's encoding in the stream's format, for example utf-8-sig or cp1252, then make apply.",
    "byte order mark": "Set encoding: utf-8-sig in the stream's format, then make apply and run again.",
    "garbled": "The program that wrote the file read a text in a wrong encoding: correct it there, and write the file "
    "again.",
    "lost characters": "The program that wrote the file read a text in a wrong encoding: correct it there, and write "
    "the file again.",
    "long value": "Look whether a closing quote is missing. If the value is meant, skip this check for the stream.",
    "not JSON": "Correct the file: one JSON object on each line.",
    "header again": "Remove the line from the file; with names from header_definition, set skip_rows_before_header: 1.",
    "line of dashes": "Set skip_rows_after_header: 1 in the stream's format, or remove the line; then make apply.",
    "no values": "Remove the line from the file, or leave the row out in the staging model.",
    "total row": "Remove the line from the file, or leave the row out in the staging model.",
    "stray character": "Remove the character from the file, for example where files were joined; then run again.",
}
WARNINGS: set[FaultKind] = {
    "text after quote",
    "blank before quote",
    "garbled",
    "lost characters",
    "lines in quotes",
    "long value",
    "no values",
    "total row",
}


def find(files: StreamFiles, facts: Mapping[str, FileFacts], copies: Mapping[str, str]) -> list[Finding]:
    """Return the findings. `copies` are files with the content of another one."""
    warnings = set(WARNINGS)
    if isinstance(files.format, CsvFormat) and files.format.ignore_errors_on_fields_mismatch:
        warnings.add("number of values")
    found = []
    for file, fact in facts.items():
        for fault in fact.faults:
            count = fact.fault_counts[fault.kind]
            # A header above nothing but itself: two exports without records, or a record that happens to be equal.
            alone = fault.kind == "header again" and count == fact.records
            more = f" ({count} such places in the file)" if count > 1 else ""
            found.append(
                Finding(
                    fault.text + more,
                    _remedy(fault.kind, files),
                    file,
                    fault.line,
                    fault.column,
                    blocking=fault.kind not in warnings and not alone,
                )
            )
    found += [
        Finding(
            f"the file has the same content as {other}, so its records are loaded twice",
            "Delete one of the two files, or exclude it from the stream's globs; then run again.",
            file,
            blocking=False,
        )
        for file, other in copies.items()
        if facts[file].records
    ]
    return found + [
        Finding(
            f"Airbyte's connector reads {other} in place of this file: it leaves out tabs and line breaks of a key. "
            "airbyte-lite reads the file",
            "Rename the file without them.",
            file,
            blocking=False,
        )
        for file in facts
        if (other := re.sub(r"[\t\r\n]", "", file)) != file and other in facts
    ]


def _remedy(kind: FaultKind, files: StreamFiles) -> str:
    """Return what to do. A CSV file in another encoding may be UTF-8 in part, so that no byte is invalid in it."""
    encoding = files.format.encoding or "utf8" if isinstance(files.format, CsvFormat) else "utf8"
    if kind == "garbled" and not codecs.lookup(encoding).name.startswith("utf"):
        remedy = "If the file is UTF-8, set encoding: utf-8 in the stream's format, then make apply. If not: "
        return remedy + REMEDIES[kind]
    return REMEDIES[kind]
