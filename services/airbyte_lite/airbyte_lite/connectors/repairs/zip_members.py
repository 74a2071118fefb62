"""Reads the text files inside a .zip archive."""

import io
import struct
import zipfile
from collections.abc import Iterator
from typing import Any

from source_s3.v4 import stream_reader
from source_s3.v4.stream_reader import SourceS3StreamReader
from source_s3.v4.zip_reader import RemoteFileInsideArchive, ZipFileHandler

from .faults import FileFault

ENCRYPTED = 1
"""The bit in the flags of a file in an archive."""
FIRST_DATE = (1980, 1, 1, 0, 0, 0)
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
"""How a file in an archive may be compressed."""
AES = 99
"""The method that ZIP has for encrypted files; here for all of them, also those with a real method."""


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


def files_of_archives() -> None:
    """Give the files of an archive the time of the archive, and leave out its folders.

    The connector 4.16.1 takes the time that the archive has for the file. So an incremental sync does not read the file
    of a new archive if the program that made it writes the same time always, such as 1 January 1980, or reads no file
    of the bucket if the time is no date. It would read a folder as an empty file.
    """
    original = SourceS3StreamReader._handle_zip_file

    def files(self: Any, file: Any) -> Iterator[Any]:
        written = self._handle_regular_file(file).last_modified
        for member in original(self, file):
            if not member.uri.endswith("/"):
                member.last_modified = written
                yield member

    SourceS3StreamReader._handle_zip_file = files


def any_archive_key() -> None:
    """Open an archive whose own key has a `#`. The connector 4.16.1 ends the key of an archive at the first `#`."""
    original = SourceS3StreamReader._construct_s3_uri

    def address(self: Any, file: Any) -> str:
        if not isinstance(file, RemoteFileInsideArchive):
            return str(original(self, file))
        return f"s3://{self.config.bucket}/{file.uri.partition('.zip#')[0]}.zip"

    SourceS3StreamReader._construct_s3_uri = address


def readable_archives() -> None:
    """Name an archive, or a file in it, that cannot be read, and why.

    At an object that is no archive, the connector 4.16.1 fails with "a bytes-like object is required, not 'NoneType'",
    and the message says that the files cannot be listed. It does not look whether a file is encrypted: it fails while
    decompressing, or reads other bytes. Only files that the stream reads are refused: others may lie beside them.
    """
    original, opened = ZipFileHandler.get_zip_files, SourceS3StreamReader.open_file

    def members(self: Any, key: str) -> tuple[list[zipfile.ZipInfo], int]:
        try:
            found: list[zipfile.ZipInfo]
            found, start = original(self, key)
        except (TypeError, ValueError, struct.error, zipfile.BadZipFile) as error:
            reason = "the name ends with .zip, but the content is no ZIP archive, or it is cut off or damaged."
            raise FileFault(key, "", f"{reason} Upload the file again, or rename it.") from error
        for each in found:
            each.date_time = FIRST_DATE  # not used, and it may be no date
            if each.flag_bits & ENCRYPTED:
                each.compress_type = AES
        return found, start

    def open_file(self: Any, file: Any, *arguments: Any) -> Any:
        method = file.compression_method if isinstance(file, RemoteFileInsideArchive) else None
        if method == AES:
            raise FileFault(file.uri, "", "the file is encrypted. Upload it without a password.")
        if method is not None and method not in METHODS:
            reason = f"the file is compressed with method {method} of ZIP, which cannot be read here."
            raise FileFault(file.uri, "", f"{reason} Compress it with the usual one (deflate).")
        return opened(self, file, *arguments)

    ZipFileHandler.get_zip_files, SourceS3StreamReader.open_file = members, open_file
