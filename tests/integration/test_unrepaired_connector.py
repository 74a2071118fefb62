"""Airbyte's S3 connector without airbyte-lite's repairs, as the real Airbyte runs it.

Where it loads other values than the files have, a check of the landing table names the place.
"""

import datetime
import io
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import httpx
import pyarrow
import pyarrow.parquet
import pytest
from google.cloud import bigquery as google_bigquery

from airbyte_lite.settings import CONNECTORS
from connections_file import Source, Stream, SyncMode
from connections_file.columns import with_input_schemas
from orchestrator.checks.run import TableChecks
from orchestrator.files import Bucket
from orchestrator.reading.formats import stream_files
from orchestrator.warehouse import Warehouse
from tests.data_files import logical

from . import odd_avro
from .batches.odd_parquet import numbers
from .commands import Commands
from .running import RunningPlatform
from .s3_types import S3Client
from .syncs import Syncs, s3_configuration
from .test_airbyte_api_process import address, own_server
from .warm_services import WarmSupervisor

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")

Put = Callable[[str, str | bytes], None]
PERSON = {"id": "integer", "name": "string"}
CSV = {"filetype": "csv", "null_values": [""]}
PARQUET, AVRO, JSONL = {"filetype": "parquet"}, {"filetype": "avro"}, {"filetype": "jsonl"}
HEADLESS = {"header_definition": {"header_definition_type": "User Provided", "column_names": ["id", "name"]}}
SMALL = logical("bytes", "decimal", precision=4, scale=2)
TOO_LONG = odd_avro.avro(SMALL, b"\x05", (1_234_567).to_bytes(4, "big"), stored="bytes")
HOURS = numbers(pyarrow.time64("us"), 25 * 3600 * 10**6)
YEARS = [datetime.datetime(2024, 1, 2), datetime.datetime(1600, 1, 1)]


def parquet(**columns: Any) -> bytes:
    """Return a Parquet file; times have the type INT96."""
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file, use_deprecated_int96_timestamps=True)
    return file.getvalue()


@dataclass(frozen=True)
class Case:
    """A stream that the connector loads in another way: its files, and what the checks find in which check."""

    files: Mapping[str, str | bytes]
    format: Mapping[str, Any]
    found: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, str] | None = None
    globs: list[str] = field(default_factory=lambda: ["*"])


CAST, COLUMNS, ROWS, FORM = "values_were_cast", "columns_arrived", "row_count_matches_file", "file_is_well_formed"
CASES = {
    "years": Case(
        {"a": parquet(at=YEARS)},
        PARQUET,
        {CAST: ("years/a, row 2, column 'at': 1600-01-01 00:00:00 is loaded as 2184-07-20", "INT96", "Spark")},
    ),
    "years_as_text": Case(
        {"ä😀'\"b": parquet(at=YEARS)}, PARQUET, {CAST: ("ä😀'\"b, row 2, column 'at'", "2184")}, {"at": "string"}
    ),
    "hours": Case({"a": parquet(at=HOURS)}, PARQUET, {CAST: ("row 2, column 'at'", "90,000", "loaded as 01:00:00")}),
    "hours_in_lists": Case(
        {"a": parquet(at=pyarrow.ListArray.from_arrays([0, 1, 2], HOURS))},
        PARQUET,
        {CAST: ("row 2, column 'at'", "90,000", "loaded as 01:00:00")},
    ),
    "durations": Case(
        {"a": parquet(x=pyarrow.array([2, 1001], pyarrow.duration("ms")))},
        PARQUET,
        {CAST: ("row 2, column 'x': the duration 1001 is loaded as 1000.9999999999999",)},
        {"x": "string"},
    ),
    "decimals": Case(
        {"a": TOO_LONG},
        AVRO,
        {CAST: ("decimals/a, record 2, column 'name': 12345.67 is loaded as 1.235E+4", "precision")},
        PERSON,
    ),
    "decimals_as_numbers": Case(
        {"a": TOO_LONG}, AVRO, {CAST: ("record 2, column 'name': 12345.67",)}, {"id": "integer", "name": "number"}
    ),
    "categories": Case(
        {"a": parquet(name=pyarrow.array(["a"]).dictionary_encode())}, PARQUET, {CAST: ("column 'name'", "NULL")}
    ),
    "types_of_files": Case(
        {"1": parquet(x=[{"a": 1}], only_1=[1]), "2": parquet(x=["b"], only_2=[2])},
        PARQUET,
        {COLUMNS: ("column 'only_", "the table does not have the column")},  # of the file that was read later
    ),
    "spellings": Case(
        {"1.csv": "id,name\n1,a\n", "2.csv": "ID,name\n2,b\n"},
        CSV,
        {COLUMNS: ("spellings/2.csv, line 2, column 'ID'", "upper and lower case")},
        PERSON,
    ),
    "blanks": Case({"a.csv": "id, name\n1,a\n"}, CSV, {COLUMNS: ("line 1, column ' name'", "blanks")}),
    "repeated": Case({"a.csv": "id,name,id\n1,a,2\n"}, CSV, {COLUMNS: ("line 1, column 'id'", "only the last")}),
    "open_quote": Case({"a.csv": 'id,name\n1,a\n2,"b\n3,c\n'}, CSV, {FORM: ("line 3", "never closed")}),
    "excel": Case({"a.csv": "sep=;\nid;name\n1;a\n"}, CSV, {COLUMNS: ("delimiter",)}),
    "mark": Case({"a.csv": "\ufeff1,a\n"}, CSV | HEADLESS, {FORM: ("line 1", "byte order mark", "utf-8-sig")}),
    "not_json": Case(
        {"a.jsonl": '{"id": 1}\n{"id": 2, x}\n{"id": 3}\n'}, JSONL, {ROWS: ("1 rows",), FORM: ("line 2",)}
    ),
    "ragged": Case(
        {"a.csv": "id,name\n1,a\n2\n3,c,d\n"},
        CSV | {"ignore_errors_on_fields_mismatch": True},
        {ROWS: ("3 rows", "2 with another number of values", "None"), FORM: ("line 3",)},
        PERSON,
    ),
    "globs": Case(
        {"a1.csv": "id,name\n1,a\n", "b1.csv": "id,name\n2,b\n"},
        CSV,
        {
            ROWS: (
                "1 rows in the table, 2 records",
                "globs/a1.csv: 0 rows in the table, 1 records",
                "before its first *",
            )
        },
        PERSON,
        ["a?.csv", "b*.csv"],
    ),
    "tabs": Case(
        {"a\tb.csv": "id,name\n2,b\n", "ab.csv": "id,name\n1,a\n"},
        CSV,
        {FORM: ("tabs/a\tb.csv", "reads tabs/ab.csv in place")},
        PERSON,
    ),
}
"""What the connector loads in another way without an error. It fails at what else the repairs change."""


@pytest.fixture(scope="module")
def unrepaired(
    platform: RunningPlatform,
    commands: Commands,
    bigquery: google_bigquery.Client,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Syncs]:
    """A client of an airbyte-lite that does not repair the connector."""
    directory = tmp_path_factory.mktemp("unrepaired")
    shutil.copytree(CONNECTORS, directory / "connectors")
    registry = directory / "connectors" / "connectors.toml"
    text = registry.read_text()
    assert "repaired = true" in text
    registry.write_text(text.replace("repaired = true", "repaired = false"))
    service = own_server(platform, directory, CONNECTORS_DIR=str(registry.parent))
    with WarmSupervisor(directory / "logs", commands=commands) as services:
        services.start(service).wait()
        with httpx.Client(base_url=address(service), timeout=60) as http:
            yield Syncs(http, bigquery)


@pytest.fixture
def checked_bucket(platform: RunningPlatform, bucket: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The fresh bucket, which the checks read."""
    for variable, value in (platform.environment | {"S3_BUCKET": bucket}).items():
        monkeypatch.setenv(variable, value)
    return bucket


def archive(text: str) -> bytes:
    """Return an archive with one file, which has always the same time."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as members:
        members.writestr(zipfile.ZipInfo("a.csv"), text)
    return file.getvalue()


def options(name: str, case: Case) -> dict[str, Any]:
    found = {"name": name, "globs": [f"{name}/{glob}" for glob in case.globs], "format": dict(case.format)}
    return found | {"validation_policy": "Emit Record"} | ({"columns": case.columns} if case.columns else {})


def test_what_the_connector_loads_in_another_way_is_told_with_its_place(
    unrepaired: Syncs, platform: RunningPlatform, s3_client: S3Client, checked_bucket: str, dataset: str
) -> None:
    for name, case in CASES.items():
        for key, content in case.files.items():
            body = content.encode() if isinstance(content, str) else content
            s3_client.put_object(Bucket=checked_bucket, Key=f"{name}/{key}", Body=body)
    streams = [options(name, case) for name, case in CASES.items()]
    configuration = s3_configuration(platform.s3_url, checked_bucket, "", []) | {"streams": streams}
    mode: SyncMode = "full_refresh_overwrite"
    modes = {"streams": [{"name": name, "syncMode": mode} for name in CASES]}
    unrepaired.sync(
        unrepaired.connect(with_input_schemas("source-s3", configuration), dataset, mode, configurations=modes)
    )
    source, unsaid = Source(name="s3", connector="source-s3", configuration=configuration), {}
    warehouse = Warehouse()
    with dg.DagsterInstance.ephemeral() as instance:
        for name, case in CASES.items():
            stream = Stream(name=name, sync_mode=mode, dbt_source=f"files.{name}")
            checks = TableChecks(stream, f"local-dev.{dataset}.{name}", stream_files(stream, source))
            table, selected = checks.read(warehouse), {spec.name for spec in checks.specs}
            results = checks.results(table, selected, warehouse, Bucket(), instance)
            said = {each.check_name: each.description or "" for each in results if not each.passed}
            if any(fact not in said.get(check, "") for check, facts in case.found.items() for fact in facts):
                unsaid[name] = said
    assert unsaid == {}


@pytest.mark.parametrize("repaired", [True, False])
def test_a_new_archive_whose_file_has_the_time_of_the_old_one(
    repaired: bool,
    unrepaired: Syncs,
    syncs: Syncs,
    platform: RunningPlatform,
    put: Put,
    checked_bucket: str,
    dataset: str,
) -> None:
    """Many programs that make archives always write the same time. The connector does not read such a file again."""
    mode: SyncMode = "incremental_append"
    configuration = s3_configuration(platform.s3_url, checked_bucket, "people", ["*.zip#*"], format=CSV)
    stream = Stream(name="people", sync_mode=mode, dbt_source="files.people")
    source = Source(name="s3", connector="source-s3", configuration=configuration)
    checks = TableChecks(stream, f"local-dev.{dataset}.people", stream_files(stream, source))
    client, said = syncs if repaired else unrepaired, []
    put("a.zip", archive("id,name\n1,Ada\n"))
    connection = client.connect(configuration, dataset, mode)
    with dg.DagsterInstance.ephemeral() as instance:
        for text in ("id,name\n1,Ada\n", "id,name\n1,Eva\n"):
            put("a.zip", archive(text))
            present = checks.present(Bucket())
            client.sync(connection)
            checks.note_synced(instance, present)
            table = checks.read(Warehouse())
            [found] = checks.results(table, {ROWS}, Warehouse(), Bucket(), instance)
            said.append("" if found.passed else found.description or "")
    assert said[0] == ""
    assert ("a.zip#a.csv: the archive was replaced, but the table has no newer rows" in said[1]) is not repaired
