import orjson
import pytest

from airbyte_lite.connectors.protocol import (
    ConnectorError,
    Message,
    abandoned_file_of,
    configuration_of,
    error_of,
    parse_message,
)


def trace_error(**error: str) -> Message:
    return {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 0.0, "error": error}}


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"Downloading model", b"{broken", b"[1]", b'{"type": 1}', b'{"no": "type"}']
)
def test_text_is_no_message(line: bytes) -> None:
    assert parse_message(line) is None


def test_what_python_writes_for_json_is_read() -> None:
    assert parse_message(b'{"type": "STATE", "at": NaN, "text": "\\ud800"}\n') == {
        "type": "STATE",
        "at": "NaN",
        "text": "?",
    }


def test_message_that_is_broken_is_an_error_unless_it_was_cut_off() -> None:
    with pytest.raises(ConnectorError, match="not valid JSON"):
        parse_message(b'{"type": "RECORD", \n')
    assert parse_message(b'{"type": "RECORD", ') is None
    assert parse_message(b"{'type': 'a Python dict'}\n") is None


def test_message_is_parsed_with_its_line_end() -> None:
    assert parse_message(b'{"type":"LOG","log":{"level":"INFO","message":"m"}}\n') == {
        "type": "LOG",
        "log": {"level": "INFO", "message": "m"},
    }


def test_error_has_message_details_and_failure_type() -> None:
    error = error_of(
        trace_error(message="No.", internal_message="why", stack_trace="where", failure_type="config_error")
    )
    assert error is not None
    assert (error.message, error.internal, error.failure_type) == ("No.", "why\nwhere", "config_error")


def test_error_without_a_failure_type_is_the_systems() -> None:
    error = error_of(trace_error(message="No."))
    assert error is not None
    assert (error.internal, error.failure_type) == ("", "system_error")


def test_error_without_a_message_for_the_user_says_its_reason() -> None:
    generic = "Something went wrong in the connector. See the logs for more details."
    error = error_of(trace_error(message=generic, internal_message="The bucket b does not exist.\nmore"))
    assert error is not None
    assert error.message == "The bucket b does not exist."


def test_file_that_was_given_up() -> None:
    stack_trace = 'Traceback:\n  File "parser.py", line 1\n    next(rows)\nValueError: too many\nline 7\n'
    log = {"level": "ERROR", "message": "Error parsing record. file=a.csv", "stack_trace": stack_trace}
    error = abandoned_file_of({"type": "LOG", "log": log})
    assert error is not None
    assert error.message == "Error parsing record. file=a.csv: ValueError: too many line 7"
    assert error.internal == stack_trace
    assert abandoned_file_of({"type": "LOG", "log": {"level": "ERROR", "message": "no stack trace"}}) is None
    assert abandoned_file_of({"type": "LOG", "log": log | {"level": "WARN"}}) is None


def test_configuration() -> None:
    control = {"type": "CONNECTOR_CONFIG", "emitted_at": 0.0, "connectorConfig": {"config": {"a": 1}}}
    message = parse_message(orjson.dumps({"type": "CONTROL", "control": control}))
    assert message is not None
    assert configuration_of(message) == {"a": 1}
    assert configuration_of({"type": "CONTROL", "control": {"type": "LATER"}}) is None
