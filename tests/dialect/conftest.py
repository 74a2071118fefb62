"""The emulator as a process, as in the integration tests."""

from collections.abc import Iterator

import pytest

from tests.dialect.emulator import Emulator
from tests.integration.conftest import commands, local_platform, warehouse  # noqa: F401 fixtures
from tests.integration.running import Server


@pytest.fixture(scope="session")
def emulator(warehouse: Server) -> Iterator[Emulator]:  # noqa: F811
    """A client that asks the emulator and reads answers in their canonical form."""
    emulator = Emulator(warehouse.url)
    yield emulator
    emulator.close()
