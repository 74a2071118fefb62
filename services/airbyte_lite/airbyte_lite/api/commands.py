"""Runs connector commands for clients: few at a time, and only while the client waits for the answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from airbyte_lite.api.callers import CALLER, Caller
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import CheckResult, ConnectorRunner
from airbyte_lite.connectors.slots import Slots


class Commands:
    """The connector commands of this server's clients."""

    def __init__(self, runner: ConnectorRunner, at_once: int) -> None:
        self._runner = runner
        self._slots = Slots(at_once)
        self._destinations = Slots(at_once)  # of their own: a warehouse that hangs must not keep sources waiting

    def check(self, connector: Connector, configuration: dict[str, Any]) -> CheckResult:
        """Run the connector's check. Raises ConnectorError, or a 503 Problem if too many commands run.

        The command ends when the client of the present request has gone; that raises ConnectorError too.
        """
        with _held(self._slots) as caller:
            return self._runner.check(connector, configuration, lambda read: caller.when_gone(read.stop))

    def discover(self, connector: Connector, configuration: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the streams of a source as AirbyteStream objects. See `check`."""
        with _held(self._slots) as caller:
            return self._runner.discover(connector, configuration, lambda read: caller.when_gone(read.stop))

    def destination_slot(self) -> AbstractContextManager[Caller]:
        """Hold one of the places for checks of destinations; yield the client. Raises a 503 Problem."""
        return _held(self._destinations)


@contextmanager
def _held(slots: Slots) -> Iterator[Caller]:
    """Hold a slot; yield the client of the present request. Raises a 503 Problem."""
    caller = CALLER.get(None) or Caller()
    caller.when_gone(slots.wake)
    with slots.take(lambda: caller.gone):
        yield caller
