"""The checks of landing tables: files as people have them, each a stream of one connection that is synced once."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import pytest

from connections_file import Source, Stream
from connections_file.columns import with_input_schemas
from orchestrator.checks.run import TableChecks
from orchestrator.files import Bucket
from orchestrator.reading.formats import stream_files
from orchestrator.warehouse import Warehouse

from .landing_cases.case import CSV, Case
from .landing_cases.keys import KEYS
from .landing_cases.refused import REFUSED
from .landing_cases.right import RIGHT
from .landing_cases.warned import WARNED
from .landing_cases.wrong_columns import WRONG_COLUMNS
from .landing_cases.wrong_rows import WRONG_ROWS
from .landing_cases.wrong_values import WRONG_VALUES
from .running import RunningPlatform
from .s3_types import S3Client
from .syncs import Syncs, s3_configuration

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")
CASES = RIGHT | WRONG_VALUES | WRONG_COLUMNS | WRONG_ROWS | KEYS | WARNED


def stream_options(name: str, case: Case) -> dict[str, Any]:
    """Return a stream as a source of connections.yaml has it."""
    format_ = ({} if "filetype" in case.options else CSV) | dict(case.options)
    options = {"name": name, "globs": [f"{name}/**"], "validation_policy": case.policy, "format": format_}
    return options | ({"columns": case.columns} if case.columns else {})


@pytest.fixture(scope="module")
def module_patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def configuration(
    platform: RunningPlatform, s3_client: S3Client, module_patch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """A source with a stream for each case. Its bucket is the one that the checks read."""
    bucket = "landing-checks"
    s3_client.create_bucket(Bucket=bucket)
    for name, case in [*CASES.items(), *((name, case) for name, (case, _) in REFUSED.items())]:
        files = case.files if isinstance(case.files, Mapping) else {"a.csv": case.files}
        for key, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            s3_client.put_object(Bucket=bucket, Key=f"{name}/{key}", Body=body)
    for variable, value in (platform.environment | {"S3_BUCKET": bucket}).items():
        module_patch.setenv(variable, value)
    streams = [stream_options(name, case) for name, case in CASES.items()]
    yield s3_configuration(platform.s3_url, bucket, "", []) | {"streams": streams}
    for item in s3_client.list_objects_v2(Bucket=bucket)["Contents"]:
        s3_client.delete_object(Bucket=bucket, Key=item["Key"])
    s3_client.delete_bucket(Bucket=bucket)


@pytest.fixture(scope="module")
def dataset(syncs: Syncs) -> Iterator[str]:
    """A dataset for the tables of this module."""
    name = "landing_checks"
    syncs.bigquery.create_dataset(name)
    yield name
    syncs.bigquery.delete_dataset(name, delete_contents=True)


def connect(syncs: Syncs, configuration: dict[str, Any], dataset: str) -> str:
    """Create a connection with all streams of the source; return its id."""
    mode = "full_refresh_overwrite"
    streams = [{"name": stream["name"], "syncMode": mode} for stream in configuration["streams"]]
    source = with_input_schemas("source-s3", configuration)
    return syncs.connect(source, dataset, mode, configurations={"streams": streams})


@pytest.fixture(scope="module")
def found(configuration: dict[str, Any], syncs: Syncs, dataset: str) -> dict[str, list[dg.AssetCheckResult]]:
    """The results of all checks of each table, after one sync of all streams."""
    syncs.sync(connect(syncs, configuration, dataset))
    source, results = Source(name="s3", connector="source-s3", configuration=configuration), {}
    warehouse, bucket = Warehouse(), Bucket()
    with dg.DagsterInstance.ephemeral() as instance:
        for name, case in CASES.items():
            stream = Stream(
                name=name,
                sync_mode="full_refresh_overwrite",
                dbt_source=f"files.{name}",
                primary_key=[[name] for name in case.key.split(",") if name],
            )
            checks = TableChecks(stream, f"local-dev.{dataset}.{name}", stream_files(stream, source))
            selected = {spec.name for spec in checks.specs}
            table = checks.read(warehouse)
            results[name] = list(checks.results(table, selected, warehouse, bucket, instance))
    return results


def told(results: list[dg.AssetCheckResult], severity: dg.AssetCheckSeverity) -> dict[str, str]:
    """Return the description of each failed check of this severity."""
    return {
        result.check_name or "": result.description or ""
        for result in results
        if not result.passed and result.severity == severity
    }


def test_wrong_values_are_told_with_place_and_remedy_and_right_ones_pass(
    found: dict[str, list[dg.AssetCheckResult]],
) -> None:
    unexpected = {}
    for name, case in CASES.items():
        for severity, expected in (
            (dg.AssetCheckSeverity.ERROR, case.errors),
            (dg.AssetCheckSeverity.WARN, case.warnings),
        ):
            said = told(found[name], severity)
            complete = all(fact in said.get(check, "") for check, facts in expected.items() for fact in facts)
            extra = said.keys() - expected.keys() if severity == dg.AssetCheckSeverity.ERROR or not case.errors else ()
            if extra or not complete:
                unexpected[f"{name}, {severity.value}"] = said
    assert unexpected == {}


def test_each_table_has_the_values_of_its_files(found: dict[str, list[dg.AssetCheckResult]], syncs: Syncs) -> None:
    assert set(found) == set(CASES)
    tables = {name: case.rows for name, case in CASES.items() if case.rows is not None}
    # One query, because each costs the emulator a tenth of a second.
    parts = (f"select '{name}', to_json_string(t) from landing_checks.{name} as t" for name in tables)
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in tables}
    for name, text in syncs.rows(" union all ".join(parts)):
        rows[name].append(tuple(value for column, value in json.loads(text).items() if not column.startswith("_a")))
    different = {
        name: rows[name]
        for name, expected in tables.items()
        if sorted(rows[name], key=repr) != sorted(expected, key=repr)
    }
    assert different == {}


def test_a_file_that_cannot_be_read_right_fails_its_job_with_the_place(
    configuration: dict[str, Any], syncs: Syncs, dataset: str
) -> None:
    streams = [stream_options(name, case) for name, (case, _) in REFUSED.items()]
    job = syncs.sync(connect(syncs, configuration | {"streams": streams}, dataset), expect="failed")
    lines = [line for line in syncs.log(job["jobId"]).splitlines() if "ERROR Stream" in line]
    for name, (_, facts) in REFUSED.items():
        said = next((line for line in lines if f"Stream {name}: {name}/" in line), "nothing")
        assert all(fact in said for fact in facts), (name, said)
    assert not REFUSED.keys() & {table.table_id for table in syncs.bigquery.list_tables(dataset)}
