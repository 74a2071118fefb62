"""Parses the messages of the Airbyte protocol (version 0.2) that this server uses.

A message is one line with one JSON object: its `type`, and its body under the name of the type in lower case.
"""

import json
from collections.abc import Callable
from typing import Any

import orjson

Message = dict[str, Any]

NO_MESSAGE = "Something went wrong in the connector"
"""airbyte-cdk's default message, sent when a connector gives no message of its own (AirbyteTracedException)."""


class ConnectorError(Exception):
    """A connector command failed."""

    def __init__(self, message: str, internal: str = "", failure_type: str = "system_error") -> None:
        super().__init__(message)
        self.message = message
        """For the user."""
        self.internal = internal
        """For the log: the stack trace, or the last lines of the connector's output."""
        self.failure_type = failure_type
        """config_error (the user can correct it), transient_error (a retry may succeed) or system_error."""


class OverdueError(ConnectorError):
    """A connector command was ended because of a time limit of this server."""


def parse_message(line: bytes) -> Message | None:
    """Return the message in one line of output, or None if the line is other text.

    Raises ConnectorError if the line is a message but not valid JSON.
    """
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        message = _lenient(line)
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None


def _lenient(line: bytes) -> Any:
    """Parse a line that strict JSON refuses but Python connectors write: NaN and unpaired surrogates.

    NaN becomes the text "NaN": no numeric column accepts it, so it is reported like every other invalid value.
    """
    if not line.lstrip().startswith(b"{") or not line.endswith(b"\n"):  # text, or a line cut off by a kill
        return None
    try:
        loose = json.loads(line.decode(errors="replace"), parse_constant=str)
        return orjson.loads(json.dumps(loose, ensure_ascii=False).encode(errors="replace"))
    except ValueError:
        if b'"type"' not in line:
            return None
        raise ConnectorError(
            "The connector wrote a message that is not valid JSON. The command was stopped: records may be missing."
        ) from None


def error_of(message: Message) -> ConnectorError | None:
    """Return the error in a TRACE message of type ERROR, or None for any other message."""
    if message["type"] != "TRACE" or message["trace"]["type"] != "ERROR":
        return None
    error = message["trace"]["error"]
    text, reason = error["message"], error.get("internal_message") or ""
    if text.startswith(NO_MESSAGE) and reason:
        text = reason.splitlines()[0]
    details = "\n".join(detail for detail in (reason, error.get("stack_trace")) if detail)
    return ConnectorError(text, details, error.get("failure_type") or "system_error")


def explained(message: Message, explain: Callable[[ConnectorError], ConnectorError]) -> bytes | None:
    """Return the line of a message with the error or the failed check in it explained, None for any other message."""
    if error := error_of(message):
        reason = explain(error)
        message["trace"]["error"] |= {"message": reason.message, "failure_type": reason.failure_type}
    elif message["type"] == "CONNECTION_STATUS" and message["connectionStatus"]["status"] == "FAILED":
        status = message["connectionStatus"]
        status["message"] = explain(ConnectorError(status.get("message") or "")).message
    else:
        return None
    return orjson.dumps(message) + b"\n"


def abandoned_file_of(message: Message) -> ConnectorError | None:
    """Return the error if the message says that the connector skipped a file or the rest of it, otherwise None.

    Such a message is a LOG of level ERROR with a stack trace. After an exception in a file, airbyte-cdk's file-based
    sources continue with the next file (DefaultFileBasedStream.read_records_from_slice in airbyte-cdk). They report
    the stream as COMPLETE and often exit with code 0, although rows are missing.
    """
    if message["type"] != "LOG" or message["log"]["level"] != "ERROR" or not message["log"].get("stack_trace"):
        return None
    text, stack_trace = message["log"]["message"], message["log"]["stack_trace"]
    lines = stack_trace.strip().splitlines()
    last_frame = max((number for number, line in enumerate(lines) if line.startswith(" ")), default=-1)
    return ConnectorError(f"{text}: {' '.join(lines[last_frame + 1 :])}", stack_trace)


def configuration_of(message: Message) -> dict[str, Any] | None:
    """Return the new configuration in a CONTROL message, which replaces the stored one; None for other messages."""
    if message["type"] != "CONTROL" or message["control"]["type"] != "CONNECTOR_CONFIG":
        return None
    configuration: dict[str, Any] = message["control"]["connectorConfig"]["config"]
    return configuration
