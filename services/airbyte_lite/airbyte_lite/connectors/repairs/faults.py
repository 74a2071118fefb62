"""The exception for a fault in a file. airbyte-lite shows its message to the user as it is."""

from airbyte_cdk.sources.file_based.exceptions import RecordParseError


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
    byte = f"0x{error.object[error.start]:02X}"
    reason = f"the byte {byte} is not valid in the encoding {error.encoding} ({error.reason}). {remedy}"
    return FileFault(file, place, reason)
