"""Runs one command of a connector as airbyte-lite does, and writes its messages: what airbyte-cdk's tests look at.

    python -m tools.connectors.run_command CHECKOUT CONNECTOR spec|check|discover|read [--config FILE] [--catalog FILE]

CHECKOUT is a folder with the layout of this checkout (tools.connectors.new.Places). A failure is a TRACE message. The
exit code is 1 then, or OVERDUE if a time limit of airbyte-lite ended the command.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airbyte_lite.connectors.protocol import ConnectorError, OverdueError
from airbyte_lite.connectors.registry import Connector, load_registry
from airbyte_lite.connectors.runner import ConnectorRunner
from tools.connectors import trial
from tools.connectors.new import Places

OVERDUE = 75


def messages(runner: ConnectorRunner, connector: Connector, command: str, files: dict[str, Any]) -> Iterator[bytes]:
    """Run a command; yield its messages, one a line. Raises ConnectorError."""
    configuration = files.get("config", {})
    if command == "read":
        with runner.read(connector, configuration, files["catalog"], []) as lines:
            yield from lines
        if lines.exit_code:
            raise ConnectorError(f"{connector.title} ended with exit code {lines.exit_code}.", lines.stderr)
    elif command == "spec":
        yield message("SPEC", spec=runner.spec(connector))
    elif command == "check":
        result = runner.check(connector, configuration)
        status = {"status": "SUCCEEDED" if result.succeeded else "FAILED", "message": result.message}
        yield message("CONNECTION_STATUS", connectionStatus=status)
    else:
        yield message("CATALOG", catalog={"streams": runner.discover(connector, configuration)})


def message(kind: str, **body: Any) -> bytes:
    """Return a message of the Airbyte protocol as a line."""
    return json.dumps({"type": kind, **body}).encode() + b"\n"


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("checkout", type=Path)
    parser.add_argument("connector")
    parser.add_argument("command", choices=("spec", "check", "discover", "read"))
    for option in ("--config", "--catalog"):
        parser.add_argument(option, type=Path)
    given = parser.parse_args()
    paths = {"config": given.config, "catalog": given.catalog}
    files = {name: json.loads(path.read_text()) for name, path in paths.items() if path is not None}
    places = Places(given.checkout)
    connector = load_registry(places.environments, places.registry)[given.connector]
    with trial.running(places.root) as runner:
        try:
            for line in messages(runner, connector, given.command, files):
                sys.stdout.buffer.write(line)
        except ConnectorError as error:
            told = {"message": error.message, "internal_message": error.internal, "failure_type": error.failure_type}
            sys.stdout.buffer.write(message("TRACE", trace={"type": "ERROR", "emitted_at": 0.0, "error": told}))
            return OVERDUE if isinstance(error, OverdueError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
