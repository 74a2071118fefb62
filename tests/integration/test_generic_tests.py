"""The project's generic dbt tests: each passes on good rows and fails on bad ones; what a failure blocks and stores."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud import bigquery as google_bigquery

from .running import RunningPlatform, Server
from .test_dbt_project import PROJECT, Dbt

# Each test by name: the good rows, the bad rows, the test's arguments. A row is the SQL of its columns.
TESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "accepted_range": ("1 as n union all select null", "0 as n", {"column_name": "n", "min_value": 1, "max_value": 2}),
    "expression_is_true": ("1 as n, 2 as m", "1 as n, 3 as m", {"expression": "n + 1 = m"}),
    "unique_combination_of_columns": (
        "1 as n, 2 as m union all select 1, 3",
        "1 as n, 2 as m union all select 1, 2",
        {"combination_of_columns": ["n", "m"]},
    ),
    "not_empty_string": ("'a' as n", "' ' as n", {"column_name": "n"}),
    "relationships_where": (
        "1 as n union all select -9 union all select null",
        "9 as n",
        {"column_name": "n", "to": "ref('numbers')", "field": "n", "from_condition": "n > 0"},
    ),
    "expect_column_values_to_match_regex": (
        "'a-1' as n",
        "'a-x' as n",
        {"column_name": "n", "regex": r"^a-\d+$", "is_raw": True},
    ),
    "recency": (
        "current_timestamp() as n",
        "timestamp_sub(current_timestamp(), interval 3 hour) as n",
        {"field": "n", "datepart": "hour", "interval": 2},
    ),
    "at_least_one": ("1 as n union all select null", "cast(null as int64) as n", {"column_name": "n"}),
    "mutually_exclusive_ranges": (
        "1 as n, 2 as m union all select 2, 3",
        "1 as n, 3 as m union all select 2, 4",
        {"lower_bound_column": "n", "upper_bound_column": "m"},
    ),
    "row_count_change": ("1 as n union all select 2", "1 as n", {"max_increase": 0.5}),
}
CHANGED = {"accepted_range", "row_count_change"}  # their rows are changed after the build
# The same bad row under other configurations, and dbt's result.
CONFIGURED: dict[str, tuple[dict[str, Any], str]] = {
    "as_a_warning": ({"severity": "warn"}, "warn"),
    "below_the_threshold": ({"error_if": ">1", "warn_if": ">1"}, "pass"),
    "left_out": ({"where": "n > 0"}, "pass"),
}


@pytest.fixture(scope="module")
def built(
    warehouse: Server,
    local_platform: RunningPlatform,
    bigquery: google_bigquery.Client,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Dbt, Path, dict[str, str], str]]:
    """A project with the generic tests and models of good and bad rows, built once; the dataset, dbt, the results."""
    directory = tmp_path_factory.mktemp("generic")
    project = directory / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs", "models", "snapshots"))
    models = project / "models"
    models.mkdir()
    (models / "numbers.sql").write_text("select 1 as n")
    declared: list[dict[str, Any]] = []
    for name, (good, bad, arguments) in TESTS.items():
        for kind, rows in (("good", good), ("bad", bad)):
            kept = "table" if name in CHANGED else "view"
            (models / f"{kind}_{name}.sql").write_text(f"{{{{ config(materialized='{kept}') }}}} select {rows}")
            test = {name: {"name": f"{kind}__{name}", "arguments": arguments}}
            declared.append({"name": f"{kind}_{name}", "data_tests": [test]})
    for name, (config, _) in CONFIGURED.items():
        (models / f"{name}.sql").write_text("select 0 as n")
        test = {"accepted_range": {"name": f"range__{name}", "arguments": TESTS["accepted_range"][2], "config": config}}
        declared.append({"name": name, "data_tests": [test]})
        (models / f"after_{name}.sql").write_text(f"select * from {{{{ ref('{name}') }}}}")
    (models / "after_an_error.sql").write_text("select * from {{ ref('bad_accepted_range') }}")
    (models / "models.yml").write_text(yaml.safe_dump({"models": declared}))
    dataset = f"generic_{uuid.uuid4().hex[:12]}"
    bigquery.create_dataset(dataset)
    _, environment = local_platform.settings.command("orchestrator")
    target = directory / "target"
    environment |= {"BQ_DATASET": dataset, "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
    dbt = Dbt(local_platform.commands, environment, target)
    _, statuses, output = dbt("build", project=project)
    yield dataset, dbt, project, statuses, output
    for suffix in ("", "_test_failures"):
        bigquery.delete_dataset(f"{dataset}{suffix}", delete_contents=True, not_found_ok=True)


def status(statuses: dict[str, str], name: str) -> str:
    """Return the status of the test or model with this name; dbt adds a hash to the names of tests."""
    [found] = [value for key, value in statuses.items() if key.split(".")[0] == name]
    return found


def test_each_test_passes_on_good_rows_and_fails_on_bad_ones(built: tuple[str, Dbt, Path, dict[str, str], str]) -> None:
    *_, statuses, output = built
    results = {name: (status(statuses, f"good__{name}"), status(statuses, f"bad__{name}")) for name in TESTS}
    # row_count_change has nothing to compare with in the first run.
    assert results == {name: ("pass", "pass" if name == "row_count_change" else "fail") for name in TESTS}, output


def test_severity_threshold_and_where(built: tuple[str, Dbt, Path, dict[str, str], str]) -> None:
    *_, statuses, output = built
    found = {name: status(statuses, f"range__{name}") for name in CONFIGURED}
    assert found == {name: result for name, (_, result) in CONFIGURED.items()}, output


def test_an_error_blocks_the_models_downstream_and_a_warning_does_not(
    built: tuple[str, Dbt, Path, dict[str, str], str],
) -> None:
    *_, statuses, output = built
    assert status(statuses, "after_an_error") == "skipped", output
    assert {status(statuses, f"after_{name}") for name in CONFIGURED} == {"success"}


def test_failing_rows_are_stored_while_the_test_fails(
    built: tuple[str, Dbt, Path, dict[str, str], str], bigquery: google_bigquery.Client
) -> None:
    """The rows of errors and warnings; nothing for a test that passes. Here also: the change of a row count."""
    dataset, dbt, project, *_ = built
    tables = {table.table_id for table in bigquery.list_tables(f"{dataset}_test_failures")}
    failed = {f"bad__{name}" for name in TESTS} - {"bad__row_count_change"}
    assert tables == failed | {"range__as_a_warning"}
    assert [
        tuple(row) for row in bigquery.query_and_wait(f"select * from {dataset}_test_failures.bad__accepted_range")
    ] == [(0,)]
    bigquery.query_and_wait(f"update {dataset}.bad_accepted_range set n = 1 where true")
    bigquery.query_and_wait(f"insert into {dataset}.bad_row_count_change (n) values (2), (3)")
    _, statuses, output = dbt("test", "--select", "bad_accepted_range", "bad_row_count_change", project=project)
    assert (status(statuses, "bad__accepted_range"), status(statuses, "bad__row_count_change")) == ("pass", "fail")
    tables = {table.table_id for table in bigquery.list_tables(f"{dataset}_test_failures")}
    assert "bad__accepted_range" not in tables
    [row] = bigquery.query_and_wait(f"select * from {dataset}_test_failures.bad__row_count_change")
    assert (row.number_of_rows, row.mean_of_last_runs) == (3, 1.0), output
