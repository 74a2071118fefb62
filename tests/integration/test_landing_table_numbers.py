"""The numbers of a landing table that its checks are made of: rows, repeated keys, rows of older versions."""

import pytest
from google.cloud.bigquery import Client

from orchestrator.checks.table import read_table
from orchestrator.warehouse import Warehouse

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("name", ["id", "n", "order"])
def test_the_keys_that_are_repeated_are_counted_exactly(bigquery: Client, dataset: str, name: str) -> None:
    """Keys of one INTEGER column are counted by bits: 32 neighbours share a group."""
    least, most = -(2**63), 2**63 - 1
    keys = [None, -33, -32, -31, -1, -1, 0, 0, 0, 31, 32, 2**31, 2**32, least, least, most - 1, most, most, None]
    table = f"local-dev.{dataset}.keys_{name}"
    values = ", ".join("(null)" if key is None else f"(cast('{key}' as int64))" for key in keys)
    bigquery.query_and_wait(f"create table `{table}` (`{name}` int64)")
    bigquery.query_and_wait(f"insert into `{table}` values {values}")
    facts = read_table(Warehouse(), table, [name])
    assert (facts.rows, facts.key_nulls, facts.key_duplicates) == (len(keys), 2, 5)


@pytest.mark.usefixtures("variables")
def test_rows_of_older_versions_of_a_file_and_empty_keys_are_counted(bigquery: Client, dataset: str) -> None:
    table, rows = f"local-dev.{dataset}.rows_of_versions", (("a", "X", 1), ("b", "X", 2), ("c", "X", 2), ("", "Y", 1))
    values = ", ".join(f"('{key}', '{url}', timestamp '2026-01-0{day}')" for key, url, day in rows)
    columns = "id string, _ab_source_file_url string, _ab_source_file_last_modified timestamp"
    bigquery.query_and_wait(f"create table `{table}` ({columns})")
    bigquery.query_and_wait(f"insert into `{table}` values {values}")
    facts = read_table(Warehouse(), table, ["id"], has_versions=True)
    assert (facts.rows, facts.older, facts.key_empty) == (4, 1, 1)
    assert read_table(Warehouse(), table, ["id"]).older == 0
