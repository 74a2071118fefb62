"""Says why a connector's command failed.

airbyte-cdk's messages for the user name the cause rarely ("Error inferring schema from files. Are the files valid?").
The cause is in a stack trace: of the error itself, or of a message that the connector logged before it.
"""

from __future__ import annotations

from collections.abc import Iterable

from airbyte_lite.connectors.causes import Cause, cause_of, cleaned
from airbyte_lite.connectors.protocol import ConnectorError, Message, error_of
from airbyte_lite.connectors.tracebacks import Raised, trace_of

LOGGED_KEPT = 50
"""Number of logged errors that are kept: a connector may log one for each of many files."""
CAUSES_SHOWN = 3
WRAPPERS = {
    "AirbyteTracedException",
    "CheckAvailabilityError",
    "CustomFileBasedException",
    "ErrorListingFiles",
    "InvalidSchemaError",
    "RecordParseError",
    "SchemaInferenceError",
}
"""airbyte-cdk's exceptions that say less than their cause."""


class Explanation:
    """Collects the errors that one command logs, and explains its failure."""

    def __init__(self) -> None:
        self._logged: list[str] = []

    def note(self, message: Message) -> None:
        """Keep an error that the connector logged, or that a failed check sends before its result."""
        if message["type"] == "LOG" and message["log"]["level"] in ("ERROR", "FATAL"):
            text = "\n".join(str(message["log"].get(key) or "") for key in ("message", "stack_trace"))
        elif error := error_of(message):
            text = f"{error.message}\n{error.internal}"
        else:
            return
        if len(self._logged) < LOGGED_KEPT:
            self._logged.append(text)

    def of(self, error: ConnectorError) -> ConnectorError:
        """Return the error with its cause as its message, if the cause is known or at least logged."""
        own = f"{error.message}\n{error.internal}"
        for texts in ([own], self._logged):
            if causes := _known(texts):
                types = {cause.failure_type for cause in causes}
                return ConnectorError(
                    _joined(causes), error.internal, types.pop() if len(types) == 1 else "config_error"
                )
        message = cleaned(error.message)
        for text in [own, *self._logged]:
            trace = trace_of(text)
            unknown = next((raised for raised in trace.exceptions if raised.name not in WRAPPERS), None)
            if unknown is not None and cleaned(unknown.text) not in message:
                where = f"{trace.file}: " if trace.file and trace.file not in message else ""
                return ConnectorError(f"{message} Cause: {where}{_named(unknown)}", error.internal, error.failure_type)
        return ConnectorError(message, error.internal, error.failure_type)


def of_files(errors: Iterable[ConnectorError]) -> ConnectorError | None:
    """Return one error for the files that a connector skipped because of an error, None if there are none."""
    explained = [Explanation().of(error) for error in errors]
    if not explained:
        return None
    causes = [Cause(error.message) for error in explained]
    return ConnectorError(_joined(causes), "\n".join(error.internal for error in explained), explained[0].failure_type)


def _known(texts: Iterable[str]) -> list[Cause]:
    """Return the distinct known causes."""
    found = (cause_of(trace_of(text)) for text in texts)
    return list(dict.fromkeys(cause for cause in found if cause is not None))


def _joined(causes: list[Cause]) -> str:
    more = f" And {len(causes) - CAUSES_SHOWN} more; the log has all." if len(causes) > CAUSES_SHOWN else ""
    return " ".join(map(str, causes[:CAUSES_SHOWN])) + more


def _named(raised: Raised) -> str:
    text = cleaned(raised.text)
    return f"{raised.name}: {text}" if text else raised.name
