"""The explanations of failed commands, from recorded messages of the S3 connector without their lines of code."""

import json
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from airbyte_lite.connectors.causes import cause_of
from airbyte_lite.connectors.explanation import CAUSES_SHOWN, Explanation
from airbyte_lite.connectors.process import Process
from airbyte_lite.connectors.protocol import ConnectorError, error_of, parse_message
from airbyte_lite.connectors.runner import Read
from airbyte_lite.connectors.tracebacks import trace_of

RECORDED = [json.loads(line) for line in Path(__file__).with_name("failures.jsonl").read_text().splitlines()]


class Played:
    """A process that writes recorded messages."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.stdout = [orjson.dumps(message) + b"\n" for message in messages]

    def wait(self) -> int:
        return 0


def said(messages: list[dict[str, Any]]) -> list[ConnectorError]:
    """Return the errors that the reader of a command sees: of its messages, and of its end."""
    errors = []
    try:
        for line in Read(cast(Process, Played(messages))):
            message = parse_message(line)
            assert message is not None
            if error := error_of(message):
                errors.append(error)
            elif message["type"] == "CONNECTION_STATUS":
                errors.append(ConnectorError(message["connectionStatus"]["message"], "", "config_error"))
    except ConnectorError as error:
        errors.append(error)
    return errors


FACTS: dict[str, tuple[str, ...]] = {
    "repaired row": ("Stream people: my people.csv, line 4: 3 values, the header has 2",),
    "row": ("Stream people: my people.csv, line 4: more values than the header has", "format.delimiter"),
    "encoding": ("0xfc", "utf-8", "format.encoding"),
    "repaired encoding": ("Stream people: a.csv, line 2, byte 4: the byte 0xFC", "format.encoding"),
    "gzip": ("Stream people: a.csv.gz", ".gz", "not gzip"),
    "parquet": ("Stream people: a.parquet", "Parquet magic bytes not found", "format.filetype"),
    "header only": ("a.csv", "no rows", "input_schema"),
    "quote_char": ("configuration.streams.0.format.quote_char", "one character"),
    "type": ("input_schema", "int", "id", "integer"),
    "bucket": ("no-such-bucket does not exist", "endpoint"),
    "refused": ("http://127.0.0.1:9", "refused", "endpoint"),
    "dns": ("no-such-host.invalid", "DNS", "endpoint"),
    "endpoint": ("localhost:4566", "http://"),
    "tls": ("https://s3:4566", "self-signed certificate", "AWS_CA_BUNDLE"),
    "credentials": ("No AWS credentials", "auth_type"),
    "empty among": ("Stream people: c.csv: the file is empty", "ignore_errors_on_fields_mismatch"),
    "access key": ("credentials.aws_access_key_id", "InvalidAccessKeyId"),
    "streams": ("Stream a: m/a.csv, line 2", "Stream c: m/c.csv, line 2"),
}


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: f"{recorded['case']} {recorded['command']}")
def test_failure_says_its_cause_and_the_next_step(recorded: dict[str, Any]) -> None:
    errors = said(recorded["messages"])
    assert errors
    for error in errors:
        assert all(fact in error.message for fact in FACTS[recorded["case"]]), error.message
        assert error.failure_type == "config_error"
        assert "Support" not in error.message
        assert "\n" not in error.message


def test_every_recorded_case_has_its_facts() -> None:
    assert {recorded["case"] for recorded in RECORDED} == set(FACTS)


def failure(exception: str, stream: str = "") -> str:
    return f'Traceback (most recent call last):\n  File "a.py", line 1\n{exception}\n{stream and f"stream={stream}"}\n'


@pytest.mark.parametrize(
    ("exception", "facts", "failure_type"),
    [
        (
            "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the GetObject operation: -",
            ("s3:GetObject", "AccessDenied"),
            "config_error",
        ),
        (
            "botocore.exceptions.ClientError: An error occurred (AuthorizationHeaderMalformed) when calling the "
            "ListObjectsV2 operation: the region 'us-east-1' is wrong; expecting 'eu-west-1'",
            ("region_name", "eu-west-1"),
            "config_error",
        ),
        (
            "botocore.exceptions.ClientError: An error occurred (Denied) when calling the AssumeRole operation: -",
            ("credentials.role_arn",),
            "config_error",
        ),
        (
            "botocore.exceptions.ClientError: An error occurred (SlowDown) when calling the GetObject operation "
            "(reached max retries: 4): Reduce your request rate",
            ("Reduce your request rate", "again"),
            "transient_error",
        ),
        (
            'botocore.exceptions.ConnectTimeoutError: Connect timeout on endpoint URL: "https://s3.example/b?x=1"',
            ("https://s3.example", "endpoint"),
            "transient_error",
        ),
        (
            "OSError: unable to access bucket: 'b' key: 'k' version: None error: An error occurred (NoSuchKey) when "
            "calling the GetObject operation: The specified key does not exist.",
            ("deleted", "NoSuchKey"),
            "config_error",
        ),
        (
            "botocore.exceptions.SSLError: SSL validation failed for https://s3:4566/b [SSL: WRONG_VERSION_NUMBER] -",
            ("https://s3:4566", "http://"),
            "config_error",
        ),
    ],
)
def test_errors_of_s3(exception: str, facts: tuple[str, ...], failure_type: str) -> None:
    generic = ConnectorError("Error listing files. Contact Support if you need assistance.", failure(exception, "a b"))
    error = Explanation().of(generic)
    assert all(fact in error.message for fact in facts), error.message
    assert error.message.startswith("Stream a b: ")
    assert error.failure_type == failure_type


@pytest.mark.parametrize(
    ("exception", "facts"),
    [
        ("TypeError: Type is not JSON serializable: decimal.Decimal", ("decimal.Decimal", "as a text")),
        (
            "ValueError: Unsupported avro type: ['null', 'string']\nfile=a.avro format=filetype='avro'",
            ("a.avro", "['null', 'string']", "input_schema"),
        ),
        ("ModuleNotFoundError: No module named 'pdfminer'\nfile=a.pdf format=x", ("a.pdf", "pdfminer", "Save")),
        (
            "SchemaInferenceError: Cannot merge schema for unequal array types.\n"
            "key=tags detected_types=[{'type': 'array'}, {'type': 'null'}]",
            ("'tags'", "array, null", '{"tags": "array"}'),
        ),
    ],
)
def test_values_that_the_connector_cannot_write(exception: str, facts: tuple[str, ...]) -> None:
    error = Explanation().of(ConnectorError("It failed.", failure(exception)))
    assert all(fact in error.message for fact in facts), error.message
    assert error.failure_type == "config_error"


def test_unknown_cause_is_named_after_the_message() -> None:
    error = Explanation().of(ConnectorError("It failed.", failure("KeyError: 'name'"), "system_error"))
    assert error.message == "It failed. Cause: KeyError: 'name'"
    assert error.failure_type == "system_error"


@pytest.mark.parametrize(
    "exception",
    [
        "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xfc in position 1: invalid start byte",
        "TypeError: unsupported operand type(s) for +=: 'int' and 'NoneType'",
        "re.error: nothing to repeat",
        "pydantic.v1.error_wrappers.ValidationError: 1 validation error for HttpRequester\nurl\n  field required",
        "urllib3.exceptions.ProtocolError: Connection aborted.",
    ],
)
def test_errors_of_other_connectors_are_not_taken_for_errors_of_files(exception: str) -> None:
    message = Explanation().of(ConnectorError("It failed.", failure(exception))).message
    assert message.startswith("It failed. Cause: ")
    assert "format." not in message
    assert "S3" not in message


def test_message_without_a_stack_trace_is_only_cleaned() -> None:
    text = "No streams.\nContact Support if you need assistance.\nstream=t"
    assert Explanation().of(ConnectorError(text)).message == "No streams. stream=t"


def test_causes_of_the_command_itself_come_before_logged_ones() -> None:
    explanation = Explanation()
    explanation.note({"type": "LOG", "log": {"level": "ERROR", "message": failure("repairs.faults.FileFault: a: old")}})
    own = ConnectorError("It failed.", failure("botocore.exceptions.NoCredentialsError: Unable to locate credentials"))
    assert "credentials" in explanation.of(own).message
    assert explanation.of(ConnectorError("It failed.")).message == "a: old"


def test_more_causes_than_are_shown_are_counted() -> None:
    explanation = Explanation()
    for number in range(CAUSES_SHOWN + 2):
        text = failure(f"repairs.faults.FileFault: {number}.csv: bad.")
        explanation.note({"type": "LOG", "log": {"level": "ERROR", "message": text}})
    message = explanation.of(ConnectorError("It failed.")).message
    assert message.startswith("0.csv: bad. 1.csv: bad.")
    assert "2 more" in message


def test_lines_of_code_name_neither_file_nor_stream() -> None:
    trace = trace_of(
        "Traceback:\n  File x\n    read(stream=stream.name, file=file.uri)\nValueError: no\nstream=t file=a.csv"
    )
    assert (trace.stream, trace.file) == ("t", "a.csv")


def test_field_with_an_object_and_a_text_is_named() -> None:
    details = "details=Cannot merge schema for unequal object types."
    types = "key=a detected_types={'type': 'string'},{'type': 'object'}"
    text = f"airbyte_cdk.exceptions.SchemaInferenceError: Error inferring schema from files. {details} {types}"
    error = Explanation().of(ConnectorError("Error inferring schema from files.", text, "system_error"))
    assert all(fact in error.message for fact in ("'a'", "string, object", "input_schema"))


@pytest.mark.parametrize("name", ["a.parquet", "a.avro"])
def test_bytes_in_a_file_with_types_are_no_question_of_its_encoding(name: str) -> None:
    text = f"UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0\nfile={name} stream=s\nfile_based"
    error = Explanation().of(ConnectorError("Error parsing record.", text, "system_error"))
    assert f"{name}: a binary column" in error.message
    assert "encoding" not in error.message


@pytest.mark.parametrize(
    ("exception", "facts"),
    [
        ("TypeError: Recursion limit reached", ["nested too deep"]),
        (
            "OSError: Couldn't deserialize thrift: invalid TType",
            ["damaged (Couldn't deserialize thrift: invalid TType)"],
        ),
        ("OSError: GZipCodec failed: incorrect data check", ["Parquet", "damaged", "again"]),
        ("pyarrow.lib.ArrowInvalid: Expected to read 168 metadata bytes, but only read 163", ["damaged", "again"]),
        ("gzip.BadGzipFile: CRC check failed 0x1 != 0x2", ["damaged", "again"]),
        ("gzip.BadGzipFile: Not a gzipped file (b'id')", ["not gzip", "Rename"]),
        ("""KeyError: 'Field "id" exists 2 times in schema'""", ["2 columns", "'id'"]),
    ],
)
def test_known_exceptions_name_the_file_and_the_remedy(exception: str, facts: list[str]) -> None:
    said = "Error parsing record. stream=s file=a b.jsonl line_no=0 n_skipped=0"
    text = f"{said}\nTraceback (most recent call last):\n{exception}"
    cause = cause_of(trace_of(text))
    assert cause
    assert str(cause).startswith("Stream s: a b.jsonl: ")
    assert all(fact in str(cause) for fact in facts)
