"""Decides whether a stream's files can be checked, which they are, and in which format."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError, field_validator

from connections_file import Source, Stream, globs
from connections_file.columns import declared_columns
from connections_file.expansion import ExpansionError, expand
from orchestrator.settings import Settings
from platform_kit.encodings import is_encoding

CONNECTOR = "source-s3"


class NotCountedError(Exception):
    """The files of a stream, or their records, are not checked; the message is the reason."""


class CsvFormat(BaseModel):
    """The options of a CSV file that decide what its records and columns are, with the connector's defaults."""

    filetype: Literal["csv"]
    delimiter: str = ","
    quote_char: str = '"'
    escape_char: str | None = None
    double_quote: bool = True
    encoding: str | None = "utf8"
    null_values: set[str] = set()
    true_values: set[str] = {"y", "yes", "t", "true", "on", "1"}
    false_values: set[str] = {"n", "no", "f", "false", "off", "0"}
    skip_rows_before_header: int = 0
    skip_rows_after_header: int = 0
    header_definition: dict[str, Any] = {}
    ignore_errors_on_fields_mismatch: bool = False

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str | None) -> str | None:
        if encoding and not is_encoding(encoding):
            raise ValueError(f"the encoding {encoding!r} is not known")
        return encoding

    @property
    def separator(self) -> str:
        """The delimiter as one character."""
        return "\t" if self.delimiter == r"\t" else self.delimiter

    @property
    def has_header(self) -> bool:
        """Whether a line of the file has the names of the columns."""
        return bool(self.header_definition.get("header_definition_type", "From CSV") == "From CSV")

    @property
    def knows_names(self) -> bool:
        """Whether the file or the format has names of the columns."""
        return self.has_header or self.column_names is not None

    @property
    def column_names(self) -> list[str] | None:
        """The names of the columns that the format gives."""
        return self.header_definition.get("column_names")


class JsonlFormat(BaseModel):
    """JSON lines; the format has no options."""

    filetype: Literal["jsonl"]


class ParquetFormat(BaseModel):
    """Parquet; its options change values, not the number of records."""

    filetype: Literal["parquet"]
    decimal_as_float: bool = False


class AvroFormat(BaseModel):
    """Avro; its option changes values, not the number of records."""

    filetype: Literal["avro"]
    double_as_string: bool = False


FileFormat = Annotated[CsvFormat | JsonlFormat | ParquetFormat | AvroFormat, Field(discriminator="filetype")]
FORMAT: TypeAdapter[FileFormat] = TypeAdapter(FileFormat)
READ = "csv, jsonl, parquet and avro"


@dataclass(frozen=True)
class StreamFiles:
    """How source-s3 reads a stream's files, by the source's configuration."""

    globs: list[str]
    format: FileFormat
    declared: Mapping[str, str] = field(default_factory=dict)
    """The columns that the configuration declares, with their types."""
    schemaless: bool = False
    skips: str | None = None
    """The option with which the connector may leave out invalid records."""
    stops: bool = False
    """Whether the connector ends a file in front of its first invalid record."""

    def matches(self, key: str) -> bool:
        """Return whether the connector reads the object."""
        return any(globs.matches(key, glob) for glob in self.globs)

    @property
    def prefixes(self) -> list[str]:
        """What the keys begin with; each key is below one of the prefixes only."""
        return globs.prefixes(self.globs)


def stream_files(stream: Stream, source: Source) -> StreamFiles:
    """Return how the files of the stream are read.

    Raises NotCountedError when the connector reads other files than the platform's bucket has, or no records.
    """
    configuration, options = read_options(stream, source)
    _require_records(configuration)
    _require_all_objects(configuration, options)
    read = read_globs(options)
    found = _format(options)
    skips = None
    if options.get("validation_policy") == "Skip Record":
        skips = "validation_policy is Skip Record: the connector skips invalid records"
    elif isinstance(found, CsvFormat) and found.ignore_errors_on_fields_mismatch:
        skips = "ignore_errors_on_fields_mismatch is set: the connector may skip records"
    stops = options.get("validation_policy") == "Wait for Discover"
    return StreamFiles(read, found, declared_columns(options) or {}, bool(options.get("schemaless")), skips, stops)


def read_options(stream: Stream, source: Source) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields of the source's configuration that need no secret, and the stream's entry in them.

    Raises NotCountedError unless the source is a source-s3 that reads the platform's bucket.
    """
    if source.connector != CONNECTOR:
        raise NotCountedError(f"only files that {CONNECTOR} reads are checked; {source.name} is a {source.connector}")
    wanted = ("bucket", "start_date", "delivery_method", "streams")
    try:
        # Only these fields: others refer to secrets, which may be unset where the code location is loaded.
        configuration = expand(
            {name: source.configuration[name] for name in wanted if name in source.configuration}, os.environ
        )
    except ExpansionError as error:
        raise NotCountedError(f"the configuration of source {source.name} cannot be read: {error}") from error
    options = _options(stream, configuration)
    bucket = Settings.read().bucket
    if configuration.get("bucket") != bucket:
        raise NotCountedError(
            f"the source reads the bucket {configuration.get('bucket')}; the platform's bucket is {bucket}"
        )
    return configuration, options


def read_globs(options: Mapping[str, Any]) -> list[str]:
    """Return the globs of a stream's entry; raises NotCountedError unless they are a list of texts."""
    found = options.get("globs") or ["**"]
    if not isinstance(found, list) or not all(isinstance(glob, str) for glob in found):
        raise NotCountedError(f"globs is {found!r}, not a list of strings")
    return found


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


def _require_all_objects(configuration: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Raise NotCountedError unless the connector reads every object of the bucket that matches the globs."""
    if configuration.get("start_date"):
        raise NotCountedError("the source has a start_date: the connector skips older files")
    if options.get("legacy_prefix"):
        raise NotCountedError("the stream has a legacy_prefix: the connector skips files without it")


def _format(options: Mapping[str, Any]) -> FileFormat:
    try:
        return FORMAT.validate_python(options.get("format"))
    except ValidationError as error:
        raise NotCountedError(f"only {READ} files are checked: {error.errors()[0]['msg']}") from error
