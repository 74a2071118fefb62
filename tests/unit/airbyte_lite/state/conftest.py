"""The database of airbyte-lite, in a folder of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from airbyte_lite.state.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    yield database
    database.close()
