"""Checks the header of a CSV file."""

import re
from collections import Counter
from collections.abc import Iterable

from .faults import SIGNATURES, FileFault

DELIMITERS = {";": "';'", "\t": "'\\t'", "|": "'|'", ",": "','"}
TAR = "\0ustar"
"""Text in the first 512 bytes of a tar archive."""
EXCEL_DELIMITER = re.compile(r"sep=.?", re.IGNORECASE)
NAMES_SHOWN = 5
RENAME = (
    "Or name the columns in format.header_definition (User Provided, column_names) and skip the header with "
    "format.skip_rows_before_header."
)


def nameless_columns(row: list[str]) -> int:
    """Return the number of columns without a name at the end of a header."""
    return len(row) - max((number for number, name in enumerate(row, 1) if name.strip()), default=0)


def column_names(row: list[str], file: str, line: int) -> list[str]:
    """Return the names in a header, without the columns that have no name at its end. Raises FileFault."""
    names = row[: len(row) - nameless_columns(row)]
    place = f"line {line}"
    refuse_other_types(row, file, place)
    if not names:
        raise FileFault(file, place, "the header is empty. Set format.skip_rows_before_header if titles precede it.")
    if any(TAR in name for name in names):
        raise FileFault(file, place, "the file is a tar archive, which the connector cannot read: upload its files.")
    if EXCEL_DELIMITER.fullmatch(names[0]):
        delimiter = ", and format.delimiter to this delimiter" if len(names[0]) > len("sep=") else ""
        raise FileFault(
            file,
            place,
            f"the first line, {names[0]!r}, tells Excel the delimiter. Set format.skip_rows_before_header: "
            f"1{delimiter}.",
        )
    if any("\0" in name for name in names):
        raise FileFault(
            file, place, "the header contains NUL characters. The file may be UTF-16: set format.encoding to utf-16-le."
        )
    if missing := [number for number, name in enumerate(names, 1) if not name.strip()]:
        raise FileFault(
            file, place, f"the header has no name for column {_listed(missing)}. Name it in the file. {RENAME}"
        )
    if padded := [repr(name) for name in names if name != name.strip()]:
        raise FileFault(
            file,
            place,
            f"the column names {_listed(padded)} have blanks around them. Airbyte would load NULL into these columns. "
            f"Remove the blanks from the header. {RENAME}",
        )
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        columns = _listed(f"{name!r} (columns {_listed(_positions(name, names))})" for name in repeated)
        raise FileFault(
            file,
            place,
            f"the header has the same name for several columns: {columns}. Airbyte would load only the last column of "
            f"each name. Rename the columns in the file. {RENAME}",
        )
    return names


def refuse_other_types(row: list[str], file: str, place: str) -> None:
    """Raise FileFault if the text begins as a file of another type does: a one-byte encoding can decode any file."""
    text = row[0] if row else ""
    start = text.encode("latin-1", "ignore")
    for signature, reason in SIGNATURES.items() if not text.isprintable() else ():
        if start.startswith(signature):
            raise FileFault(file, place, f"the file is not a text in this encoding. {reason}")


def check_declared(names: list[str], declared: Iterable[str], file: str, line: int) -> None:
    """Raise FileFault if none of the declared columns is in the header: Airbyte would load NULL.

    A file may lack some of the declared columns, because columns are added in time.
    """
    missing = [name for name in declared if name not in names]
    if missing and not set(declared) & set(names):
        raise FileFault(
            file,
            f"line {line}",
            f"the header has none of the declared columns ({_listed(missing[:NAMES_SHOWN])}); it has "
            f"{_listed(repr(name[:100]) for name in names[:NAMES_SHOWN])}. Airbyte would load NULL into each column. "
            "Correct the header, the stream's columns or input_schema, or its globs. If the file has no header, set "
            "format.header_definition (User Provided, column_names).",
        )


def check_delimiter(names: list[str], values: list[str], delimiter: str, file: str, line: int) -> None:
    """Raise FileFault if the only column of a header seems to be several columns with another delimiter.

    `values` is the first row, or a row that does not fit the header.
    """
    if len(names) > 1:
        return
    (name,) = names
    for other, shown in DELIMITERS.items():
        count = name.count(other)
        if other != delimiter and count and (len(values) != 1 or values[0].count(other) == count):
            raise FileFault(
                file,
                f"line {line}",
                f"the header is one column, {name!r}, because format.delimiter is {delimiter!r}. The file seems to use "
                f"{shown}: set format.delimiter to {shown}.",
            )


def _positions(name: str, names: list[str]) -> list[int]:
    return [number for number, other in enumerate(names, 1) if other == name]


def _listed(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))
