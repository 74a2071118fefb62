"""The messages of the Airbyte protocol, as far as they must be understood here (Airbyte protocol, version 0.2).

A message is one JSON object on one line with a `type` and a body under the type's own name, in lower case.
"""

import json
from typing import Any

import orjson

Message = dict[str, Any]

NO_MESSAGE = "Something went wrong in the connector"
"""What airbyte-cdk says to the user where a connector gives no message of its own (AirbyteTracedException)."""


class ConnectorError(Exception):
    """A connector command failed, or said that it cannot do what it was asked."""

    def __init__(self, message: str, internal: str = "", failure_type: str = "system_error") -> None:
        super().__init__(message)
        self.message = message
        """For the user."""
        self.internal = internal
        """For the log: the stack trace, or the last lines that the connector wrote."""
        self.failure_type = failure_type
        """config_error (the user can repair it), transient_error (worth a retry) or system_error."""


def parse_message(line: bytes) -> Message | None:
    """Return the message of one line of output, None for other text.

    Raises ConnectorError for a message that cannot be read.
    """
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        message = _lenient(line)
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None


def _lenient(line: bytes) -> Any:
    """Read what strict JSON refuses and Python connectors write: NaN (as text: it will not cast), lone surrogates."""
    if not line.lstrip().startswith(b"{") or not line.endswith(b"\n"):  # text, or the last words of a killed process
        return None
    try:
        loose = json.loads(line.decode(errors="replace"), parse_constant=str)
        return orjson.loads(json.dumps(loose, ensure_ascii=False).encode(errors="replace"))
    except ValueError:
        if b'"type"' not in line:
            return None
        raise ConnectorError(
            "The connector wrote a message that is not valid JSON; its records cannot be trusted."
        ) from None


def error_of(message: Message) -> ConnectorError | None:
    """Return the error that a TRACE message of type ERROR carries."""
    if message["type"] != "TRACE" or message["trace"]["type"] != "ERROR":
        return None
    error = message["trace"]["error"]
    text, reason = error["message"], error.get("internal_message") or ""
    if text.startswith(NO_MESSAGE) and reason:
        text = reason.splitlines()[0]
    details = "\n".join(detail for detail in (reason, error.get("stack_trace")) if detail)
    return ConnectorError(text, details, error.get("failure_type") or "system_error")


def abandoned_file_of(message: Message) -> ConnectorError | None:
    """Return the error that a LOG message of level ERROR with a stack trace stands for: a file was given up.

    airbyte-cdk's file-based sources go on after an exception in a file (DefaultFileBasedStream.read_records_from_slice
    in its source): the stream is COMPLETE and often the exit code 0, though rows are missing.
    """
    if message["type"] != "LOG" or message["log"]["level"] != "ERROR" or not message["log"].get("stack_trace"):
        return None
    text, stack_trace = message["log"]["message"], message["log"]["stack_trace"]
    lines = stack_trace.strip().splitlines()
    last_frame = max((number for number, line in enumerate(lines) if line.startswith(" ")), default=-1)
    return ConnectorError(f"{text}: {' '.join(lines[last_frame + 1 :])}", stack_trace)


def configuration_of(message: Message) -> dict[str, Any] | None:
    """Return the configuration that a CONTROL message asks to keep in place of the one it was given."""
    if message["type"] != "CONTROL" or message["control"]["type"] != "CONNECTOR_CONFIG":
        return None
    configuration: dict[str, Any] = message["control"]["connectorConfig"]["config"]
    return configuration
