"""The exception for a fault in a file. airbyte-lite shows its message to the user as it is."""

import re

from airbyte_cdk.sources.file_based.exceptions import RecordParseError

# The first bytes of files that are not the text that the configuration says.
SIGNATURES = {
    b"\x1f\x8b": "The file is compressed with gzip: its name must end with .gz.",
    b"PK\x03\x04": "The file is a ZIP archive, whose name must end with .zip, or an Excel workbook: save it as text.",
    b"\xfd7zXZ": "The file is compressed with xz, which the connector cannot read: compress it with gzip.",
    b"\x28\xb5\x2f\xfd": "The file is compressed with zstd, which the connector cannot read: compress it with gzip.",
    b"\xd0\xcf\x11\xe0": "The file is an Excel workbook, or another document of Office: save it as text.",
    b"%PDF": "The file is a PDF: upload the data as text.",
    b"\x89PNG": "The file is an image.",
    b"PAR1": "The file is Parquet: set format.filetype to parquet.",
    b"\xff\xfe": "The file is UTF-16: set format.encoding to utf-16.",
    b"\xfe\xff": "The file is UTF-16: set format.encoding to utf-16.",
}
NO_MARK = "The file has no byte order mark: set format.encoding to {0}-le (or {0}-be)."


class FileFault(RecordParseError):  # type: ignore[misc] # airbyte-cdk is not installed where the types are checked
    """A file that cannot be read correctly: which file, where in it, why, and what to do.

    airbyte-cdk handles it as its own RecordParseError: it names the file in the log, reads the other files, and fails.
    """

    def __init__(self, file: str, place: str, reason: str) -> None:
        Exception.__init__(self, f"{file}{f', {place}' if place else ''}: {reason}")


def undecodable(file: str, lines: int, error: UnicodeDecodeError, remedy: str) -> FileFault:
    """Return the fault of a byte that is not valid in the encoding.

    `lines` is the number of complete lines before the chunk of bytes in which the decoder found it.
    """
    before = error.object[: error.start]
    place = f"line {lines + before.count(b'\n') + 1}"
    if b"\n" in before:  # otherwise the line begins in an earlier chunk
        place += f", byte {error.start - before.rfind(b'\n')}"
    if lines == 0:
        if (
            "BOM" in error.reason or "code point" in error.reason
        ):  # UTF-16 or UTF-32 without a byte order mark, or another encoding
            zeros = max(map(len, re.findall(rb"\0+", error.object[:100])), default=0)
            remedy = f"The file is not {error.encoding}: set format.encoding to utf-8."
            if zeros:
                remedy = NO_MARK.format("utf-32" if zeros > 2 else "utf-16")
        found = (
            text
            for start, text in SIGNATURES.items()
            if error.object.startswith(start) and ("encoding" in remedy or "encoding" not in text)
        )
        remedy = next(found, remedy)
        if error.object.startswith(b"\x1f\x8b") and file.endswith(".gz"):
            remedy = "The file is compressed twice: compress it once."
    byte = f"0x{error.object[error.start]:02X}"
    reason = f"the byte {byte} is not valid in the encoding {error.encoding} ({error.reason}). {remedy}"
    return FileFault(file, place, reason)
