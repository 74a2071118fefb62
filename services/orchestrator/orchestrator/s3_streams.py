"""Decides whether the records of a stream's files can be counted, and in which format the files are."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from connections_file import Source, Stream
from connections_file.expansion import ExpansionError, expand
from orchestrator.settings import Settings

CONNECTOR = "source-s3"
WILDCARD = re.compile(r"[*?\[\\]")


class NotCountedError(Exception):
    """The records of a stream's files cannot be counted exactly; the message is the reason."""


class CsvFormat(BaseModel):
    """The options of a CSV file that decide where a record begins and ends, with the connector's defaults."""

    filetype: Literal["csv"]
    delimiter: str = ","
    quote_char: str = '"'
    escape_char: str | None = None
    double_quote: bool = True
    encoding: str | None = "utf8"
    skip_rows_before_header: int = 0
    skip_rows_after_header: int = 0
    header_definition: dict[str, Any] = {}
    ignore_errors_on_fields_mismatch: bool = False

    @property
    def lines_before_records(self) -> int:
        """The number of lines that the connector skips before the first record."""
        has_header: bool = self.header_definition.get("header_definition_type", "From CSV") == "From CSV"
        return self.skip_rows_before_header + has_header + self.skip_rows_after_header


class JsonlFormat(BaseModel):
    """JSON lines; the format has no options."""

    filetype: Literal["jsonl"]


class ParquetFormat(BaseModel):
    """Parquet; its options change values, not the number of records."""

    filetype: Literal["parquet"]


FileFormat = Annotated[CsvFormat | JsonlFormat | ParquetFormat, Field(discriminator="filetype")]
FORMAT: TypeAdapter[FileFormat] = TypeAdapter(FileFormat)
COUNTED = "csv, jsonl and parquet"


def file_format(stream: Stream, source: Source) -> FileFormat:
    """Return the format of the stream's files.

    Raises NotCountedError when the connector may read other files than `files`, or not exactly their records.
    """
    if not stream.files:
        raise NotCountedError("the stream has no `files` in connections.yaml")
    if source.connector != CONNECTOR:
        raise NotCountedError(f"only files that {CONNECTOR} reads are counted; {source.name} is a {source.connector}")
    wanted = ("bucket", "start_date", "delivery_method", "streams")
    try:
        # Only these fields: others refer to secrets, which may be unset where the code location is loaded.
        configuration = expand(
            {name: source.configuration[name] for name in wanted if name in source.configuration}, os.environ
        )
    except ExpansionError as error:
        raise NotCountedError(f"the configuration of source {source.name} cannot be read: {error}") from error
    options = _options(stream, configuration)
    _require_records(configuration)
    _require_same_files(stream, configuration, options)
    return _format(stream, options)


def _options(stream: Stream, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stream's entry in the source's configuration."""
    streams = configuration.get("streams")
    for options in streams if isinstance(streams, list) else []:
        if isinstance(options, dict) and options.get("name") == stream.name:
            return options
    raise NotCountedError(f"the source's configuration has no stream {stream.name} in `streams`")


def _require_records(configuration: Mapping[str, Any]) -> None:
    """Raise NotCountedError if the source delivers each file as one record."""
    method = configuration.get("delivery_method", {})
    delivery = method.get("delivery_type") if isinstance(method, dict) else method
    if delivery not in (None, "use_records_transfer"):
        raise NotCountedError(f"the source's delivery_type is {delivery}: it delivers files, not records")


def _require_same_files(stream: Stream, configuration: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Raise NotCountedError unless the connector reads all of the stream's `files`, and no other file."""
    bucket = Settings.read().bucket
    if configuration.get("bucket") != bucket:
        raise NotCountedError(
            f"the source reads the bucket {configuration.get('bucket')}; the platform's bucket is {bucket}"
        )
    if configuration.get("start_date"):
        raise NotCountedError("the source has a start_date: the connector skips older files")
    globs = options.get("globs") or ["**"]
    if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
        raise NotCountedError(f"globs is {globs!r}, not a list of strings")
    if any(WILDCARD.search(glob) for glob in globs):
        raise NotCountedError(f"the globs {globs} have wildcards and may match other files than `files`")
    if set(globs) != set(stream.files):
        raise NotCountedError(f"the globs {globs} differ from the stream's `files`: {stream.files}")
    if options.get("legacy_prefix"):
        raise NotCountedError("the stream has a legacy_prefix: the connector skips files without it")
    if archives := [key for key in stream.files if key.endswith(".zip")]:
        raise NotCountedError(f"{archives[0]} is an archive: the connector reads the files inside")


def _format(stream: Stream, options: Mapping[str, Any]) -> FileFormat:
    """Return the format; raise NotCountedError for options that change the number of records."""
    if options.get("validation_policy") == "Skip Record":
        raise NotCountedError("validation_policy is Skip Record: the connector skips invalid records")
    try:
        result = FORMAT.validate_python(options.get("format"))
    except ValidationError as error:
        raise NotCountedError(f"only {COUNTED} files are counted: {error.errors()[0]['msg']}") from error
    if isinstance(result, CsvFormat) and result.ignore_errors_on_fields_mismatch:
        raise NotCountedError("ignore_errors_on_fields_mismatch is set: the connector skips invalid records")
    if isinstance(result, ParquetFormat) and any(key.endswith((".gz", ".bz2")) for key in stream.files):
        raise NotCountedError("a Parquet file is compressed as a whole, so its footer cannot be read alone")
    return result
