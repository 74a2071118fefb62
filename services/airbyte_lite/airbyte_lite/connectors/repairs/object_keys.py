"""Opens an object of a bucket by any key."""

import logging
import re
from typing import Any

import smart_open
import smart_open.s3
from airbyte_cdk.sources.file_based.file_based_stream_reader import AbstractFileBasedStreamReader
from source_s3.v4.stream_reader import SourceS3StreamReader
from source_s3.v4.zip_reader import RemoteFileInsideArchive


def any_key() -> None:
    """Take everything after the bucket as the key.

    smart-open 5.1.0 parses the address of an object as a URL. That removes `?`, tabs and line breaks from the key
    (piskvorky/smart_open#633), and takes a part before `@` as credentials (piskvorky/smart_open#779).
    """
    original = smart_open.s3.parse_uri

    def parse_uri(address: str) -> dict[str, Any]:
        scheme, _, path = address.partition("://")
        bucket, _, key = path.partition("/")
        parsed: dict[str, Any] = original(f"{scheme}://{bucket}/key")
        return parsed | {"key_id": key}

    smart_open.s3.parse_uri = parse_uri


def unreadable_files() -> None:
    """Raise the reason if a file cannot be opened.

    The connector 4.16.1 drops the reason and fails with "UnboundLocalError: … 'result'" (its origin:
    airbytehq/airbyte#21604).
    """
    original = SourceS3StreamReader.open_file

    def open_file(self: Any, file: Any, mode: Any, encoding: str | None, logger: logging.Logger) -> Any:
        if isinstance(file, RemoteFileInsideArchive):
            return original(self, file, mode, encoding, logger)
        address = f"s3://{self.config.bucket}/{file.uri}"
        return smart_open.open(address, mode.value, encoding=encoding, transport_params={"client": self.s3_client})

    SourceS3StreamReader.open_file = open_file


def glob_prefixes() -> None:
    """End the prefix of a listing before the first special character of a glob, and at the end of an archive's name.

    airbyte-cdk 7.39.1 ends it before the first `*` only, so the listing of the glob `2024-0?.csv` finds no file
    (airbytehq/airbyte#27476), nor does that of `a.zip#*.csv`, for a file in an archive.
    """

    def get_prefixes_from_globs(globs: list[str]) -> set[str]:
        prefixes = {re.split(r"[*?\[\\!+@(]|(?<=\.zip)#", glob, maxsplit=1)[0] for glob in globs}
        return set() if "" in prefixes else prefixes

    AbstractFileBasedStreamReader.get_prefixes_from_globs = staticmethod(get_prefixes_from_globs)
