"""Reads the text files inside a .zip archive."""

import io
from collections.abc import Iterator
from typing import Any

from source_s3.v4 import stream_reader
from source_s3.v4.stream_reader import SourceS3StreamReader


class Content(io.RawIOBase):
    """The bytes of a file in an archive, which the connector decompresses."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Return True: the content can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer; return 0 at the end of the content."""
        found = self._stream.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Close the archive."""
        self._stream.close()
        super().close()


def any_encoding() -> None:
    """Decode a file in an archive as every other file.

    The connector 4.16.1 decodes its bytes one by one, so each character of several bytes is an error: utf-16, and every
    letter but ASCII in UTF-8. With utf-8-sig it adds a byte order mark to each line (airbytehq/airbyte#31340; its
    repair in airbytehq/airbyte#67494 is for the name utf_8_sig only).
    """
    original = stream_reader.ZipContentReader

    def opened(stream: Any, encoding: str | None = None) -> Any:
        return io.TextIOWrapper(io.BufferedReader(Content(stream)), encoding) if encoding else original(stream)

    stream_reader.ZipContentReader = opened


def no_folders() -> None:
    """Leave out the folders of an archive, which the connector 4.16.1 would read as empty files."""
    original = SourceS3StreamReader._handle_zip_file

    def files(self: Any, file: Any) -> Iterator[Any]:
        return (member for member in original(self, file) if not member.uri.endswith("/"))

    SourceS3StreamReader._handle_zip_file = files
