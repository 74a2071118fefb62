"""Known causes of a connector's failure: for each, a sentence that says what happened and what to do.

The order of RULES matters: a stack trace often has several of these exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from airbyte_lite.connectors import s3_errors
from airbyte_lite.connectors.tracebacks import Trace

TYPES = "array, boolean, integer, null, number, object, string"
"""The types of a column in `input_schema`."""
READS_FILES = re.compile(r"file_based|File encoding error")
RETYPE = "set format.filetype to the type of the file."
DAMAGED = (
    "thrift|corrupt|codec failed|decompression failed|unexpected end of stream|metadata bytes|flatbuffers|page header|"
    "schema message|invalid byte_array|dictionary|number of indices"
)
"""What pyarrow's messages about a damaged Parquet file have. Each damaged byte may lead to another message."""


@dataclass(frozen=True)
class Cause:
    """Why a command failed."""

    sentence: str
    failure_type: str = "config_error"
    stream: str = ""

    def __str__(self) -> str:
        """Return the sentence with the name of the stream."""
        return f"Stream {self.stream}: {self.sentence}" if self.stream else self.sentence


@dataclass(frozen=True)
class Rule:
    """A cause by the class and the message of its exception. An empty sentence says that the rule does not fit."""

    exception: str
    pattern: str
    sentence: Callable[[re.Match[str], Trace], str]
    failure_type: str = "config_error"


def _in_file(sentence: str) -> Callable[[re.Match[str], Trace], str]:
    """Return a sentence about the file of the trace. {0}, {1}, … are the groups of the pattern.

    It is empty for the trace of a connector that reads no files, or of a command that was not reading one.
    """

    def say(match: re.Match[str], trace: Trace) -> str:
        if not trace.file and not READS_FILES.search(trace.text):
            return ""
        return f"{trace.file or 'a file'}: {sentence.format(*match.groups(default=''))}"

    return say


def _invalid_fields(match: re.Match[str], _trace: Trace) -> str:
    """Return the faults in a message of pydantic, without those of the formats that were not chosen."""
    faults = re.findall(r"^(\S+(?: -> \S+)*)\n {2}(.+?)(?: \(type=.*\))?$", match[0], re.MULTILINE)
    named = [
        f"configuration.{path.replace(' -> ', '.')}: {text}"
        for path, text in faults
        if not text.startswith("unexpected value; permitted:")
    ]
    return f"The configuration is invalid: {'; '.join(named) or match[0].splitlines()[0]}. Change the source."


def _unequal_types(match: re.Match[str], trace: Trace) -> str:
    """Return a sentence about a field that is an object or an array in one record and another type in another one."""
    found = list(dict.fromkeys(re.findall(r"'type': '(\w+)'", match[3])))
    types = ", ".join(found)
    others = [kind for kind in found if kind != "null"]
    kind = others[0] if len(others) == 1 else "string"
    return (
        f"{trace.file or 'the files'}: the values of the field {match[2]!r} have types that do not fit together "
        f'({types}). Declare the stream\'s columns in input_schema, for example \'{{"{match[2]}": "{kind}"}}\'.'
    )


def _avro_type(match: re.Match[str], trace: Trace) -> str:
    """Return a sentence about an Avro type that the connector cannot map to a column type. Empty for other files."""
    if "avro_parser" not in trace.text and not trace.file.endswith(".avro"):
        return ""
    return (
        f"{trace.file or 'a file'}: the connector cannot infer the type of a column from the Avro type {match[1]} (it "
        "has no unions). Declare all columns of the stream in input_schema, for example "
        '\'{"id": "integer", "name": "string"}\'.'
    )


def _binary_column(match: re.Match[str], trace: Trace) -> str:
    """Return a sentence about a column of bytes in a Parquet or Avro file. Empty for other files."""
    if not any(f"{kind}_parser" in trace.text or trace.file.endswith(f".{kind}") for kind in ("parquet", "avro")):
        return ""
    return (
        f"{trace.file or 'a file'}: a binary column is not UTF-8 text (the byte {match[1]}), and the connector reads "
        "each binary column as text. Write the file without this column, or with its values as text."
    )


RULES = (
    Rule(
        "MemoryError",
        r".*",
        lambda _match, _trace: (
            "The connector needed more memory than one command may have. Set AIRBYTE_LITE_CONNECTOR_MEMORY_MIB, or "
            "let it read less at once: smaller files, fewer streams."
        ),
        "system_error",
    ),
    Rule("FileFault", r"(?s).+", lambda match, _trace: match[0]),  # our repairs raise it; its message is complete
    Rule(
        "EmptyFileSchemaInferenceError|AirbyteTracedException",
        r"Could not infer schema as there are no rows in (.+?)\. ",
        lambda match, _trace: (
            f"{match[1]}: the file has no rows, so the types of its columns are unknown. Set the stream's "
            'input_schema, for example \'{"id": "integer", "name": "string"}\', or upload a file with rows.'
        ),
    ),
    Rule(
        "BadGzipFile",
        r"CRC check failed|Incorrect length",
        _in_file("the compressed content is damaged. Upload the file again."),
    ),
    Rule(
        "BadGzipFile",
        r".*",
        _in_file(
            "the name ends with .gz, but the content, or what follows its first part, is not gzip. Rename the file, or "
            "upload it again."
        ),
    ),
    Rule(
        "EOFError",
        r"Compressed file ended",
        _in_file("the compressed content is cut off. Upload the file again."),
    ),
    Rule(r"zlib\.error|LZMAError", r".*", _in_file("the compressed content is damaged ({0}). Upload the file again.")),
    Rule(
        "OSError", r"Invalid data stream", _in_file("the name ends with .bz2, but the content is not. Rename the file.")
    ),
    Rule(
        "ArrowInvalid|ArrowIOError",
        r"Parquet file size is 0 bytes",
        _in_file(
            "the file is empty (0 bytes). Delete it, or set the stream's globs so that they match the Parquet files "
            "only, for example **/*.parquet."
        ),
    ),
    Rule(
        "ArrowInvalid|ArrowIOError",
        r"(?s)(?=.*(?:[Pp]arquet))(.*?)(?:\.|$)",
        _in_file(f"not a valid Parquet file ({{0}}). Upload the file again. If it is of another type: {RETYPE}"),
    ),
    Rule(
        "ArrowInvalid|OSError",
        rf"(?si)(?=.*(?:{DAMAGED}))(.+?)(?:\.?$|\.?\n)",
        _in_file("the Parquet content is damaged ({0}). Upload the file again."),
    ),
    Rule("ArrowInvalid|ArrowNotImplementedError|ArrowTypeError", r"(.*)", _in_file("{0}")),
    Rule(
        "ValueError",
        r"cannot read header - is it an avro file",
        _in_file(f"not an Avro file. Upload the file again. If it is of another type: {RETYPE}"),
    ),
    Rule(
        "SchemaInferenceError",
        r"(?s).*Cannot merge schema for unequal (object|array) types\..*?key=(\S+) detected_types=(.+)",
        _unequal_types,
    ),
    Rule(
        "ModuleNotFoundError",
        r"No module named '(\S+)'",
        _in_file(
            "the connector needs the Python package {0} to read files of this type (Excel, PDF, documents), and it is "
            "not installed here. Save the file as CSV, JSONL or Parquet."
        ),
    ),
    Rule("ValueError", r"Unsupported avro type: (.*)", _avro_type),
    Rule(
        "TypeError",
        r"Type is not JSON serializable: (\S+)",
        lambda match, _trace: (
            f"a list or an object in a record has a value of the type {match[1]}, which the connector cannot write as "
            "JSON. Write the file with this value as a text, or in a column of its own."
        ),
    ),
    Rule(
        "TypeError",
        r"Recursion limit reached",
        _in_file(
            "a record is nested too deep: the connector writes about 250 levels. Write the inner value as a text, or "
            "leave it out."
        ),
    ),
    Rule(
        "KeyError|RecordParseError",
        r"(?s).*Field \"(.+?)\" exists (\d+) times in schema",
        _in_file("{1} columns have the name '{0}'. Rename them in the file."),
    ),
    Rule("UnicodeDecodeError", r"(?s)'utf-8' codec can't decode byte (\S+) ", _binary_column),
    Rule(
        "UnicodeDecodeError",
        r"'(.+?)' codec can't decode byte (\S+) ",
        _in_file("the byte {1} is not valid in the encoding {0}. Set format.encoding to the encoding of the file."),
    ),
    Rule(
        "RecordParseError",
        r"(?s)CSV data row contains (more|fewer) columns.*lineno=(\d+)",
        lambda match, trace: (
            f"{trace.file}, line {match[2]}: {match[1]} values than the header has columns. Correct the row, or set "
            "format.delimiter if the file uses another one."
        ),
    ),
    Rule("ValidationError", r"(?s)\d+ validation errors? for Config\n.*", _invalid_fields),
    Rule(
        "ConfigValidationError",
        r"(?s).*details=Invalid type '(.*)' for property '(.*?)'",
        lambda match, _trace: (
            f"input_schema: the column {match[2]} has the unknown type {match[1]}. Valid types: {TYPES}."
        ),
    ),
    Rule(
        "ConfigValidationError",
        r"(?s)(The provided schema .*|Only one of options .*)",
        lambda match, _trace: f"The configuration is invalid: {cleaned(match[1])}",
    ),
    *(Rule(*entry) for entry in s3_errors.RULES),
    Rule(
        "CheckAvailabilityError",
        r"No files were identified in the stream",
        lambda _match, _trace: (
            "No files were identified in the stream: no key in the bucket matches its globs. Upload the files, or "
            "correct bucket or globs. If start_date is set, older files are left out. A file in an archive has the "
            "name archive.zip#file."
        ),
    ),
)


def cause_of(trace: Trace) -> Cause | None:
    """Return the cause by the first rule that fits an exception in the trace, None if no rule fits."""
    for rule in RULES:
        for raised in trace.exceptions:
            if (
                re.fullmatch(rule.exception, raised.name)
                and (match := re.match(rule.pattern, raised.text))
                and (sentence := rule.sentence(match, trace))
            ):
                return Cause(sentence, rule.failure_type, trace.stream)
    return None


def cleaned(text: str) -> str:
    """Return a connector's message as one line, without advice that only Airbyte's customers can follow."""
    text = re.sub(r"\s*(?:Please )?[Cc]ontact Support[^.]*\.", "", text)
    return " ".join(text.split())
