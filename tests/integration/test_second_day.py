"""Changes between two syncs that no schema shows: an object of Airbyte's that is created anew beside its old table."""

from collections.abc import Callable

import pytest

from orchestrator.checks.table import read_table
from orchestrator.warehouse import Warehouse

from .running import RunningPlatform, Server
from .syncs import Syncs, s3_configuration

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")


def test_a_connection_that_is_created_anew_appends_its_files_again_and_a_check_tells_it(
    syncs: Syncs,
    platform: RunningPlatform,
    s3: Server,
    bucket: str,
    put: Callable[[str, str], None],
    dataset: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in platform.environment.items():
        monkeypatch.setenv(name, value)

    def connected() -> str:
        return syncs.connect(s3_configuration(s3.url, bucket, "lines", ["*.csv"]), dataset, "incremental_append")

    def loaded() -> tuple[int, int, str]:
        facts = read_table(Warehouse(), f"local-dev.{dataset}.lines", [], appends=True)
        return facts.rows, facts.loaded_twice, facts.twice_example

    put("a.csv", "id\n1\n")
    put("b.csv", "id\n1\n")
    connection = connected()
    syncs.sync(connection)
    put("b.csv", "id\n1\n2\n")  # a new version
    syncs.sync(connection)
    assert loaded() == (4, 0, "")
    syncs.call("DELETE", f"connections/{connection}")
    syncs.sync(connected())
    assert loaded() == (7, 2, "a.csv")
