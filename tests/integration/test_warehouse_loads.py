"""Load jobs into the warehouse, through the official client."""

import datetime
import gzip
import io
import json
import threading
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict
from google.cloud import bigquery as google_bigquery
from google.cloud.bigquery import SchemaField

from .queries import rows

Client = google_bigquery.Client
ID = [SchemaField("id", "INTEGER", "REQUIRED")]
ID_AND_NOTE = [*ID, SchemaField("note", "STRING", description="what the customer wrote")]


def load(
    client: Client, table: str, lines: list[dict[str, Any]] | bytes, schema: list[SchemaField], **options: Any
) -> Any:
    """Load NDJSON (or the bytes as they are) and wait for the job; WRITE_APPEND unless told otherwise."""
    data = lines if isinstance(lines, bytes) else "".join(json.dumps(line) + "\n" for line in lines).encode()
    job_id = options.pop("job_id", None)
    config = google_bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", schema=schema, **options)
    job = client.load_table_from_file(io.BytesIO(data), table, job_config=config, job_id=job_id, size=len(data))
    return job.result()


def modes(client: Client, table: str) -> dict[str, str]:
    """Return the mode of each column."""
    return {field.name: field.mode for field in client.get_table(table).schema}


VALUES = {
    "INTEGER": (-9223372036854775808, 9223372036854775807),
    "NUMERIC": (Decimal("-99999999999999999999999999999.999999999"), Decimal("0.000000001")),
    "FLOAT": (1.7976931348623157e308, -5e-324),
    "BOOL": (True, False),
    "STRING": ('line\nnext\r\n"quoted" \\ \t', "ünï \U0001f600 \u0000 end"),
    "DATE": (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
    "TIME": (datetime.time(0, 0), datetime.time(23, 59, 59, 999999)),
    "DATETIME": (datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)),
    "TIMESTAMP": (
        datetime.datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=datetime.UTC),
        datetime.datetime(1969, 12, 31, tzinfo=datetime.UTC),
    ),
    "JSON": ({"a": [1, "x", None, 9007199254740993]}, [{"b": 0.1}]),
}


def as_json(value: object) -> object:
    """Return how a loader writes the value into a line of NDJSON."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_every_type_arrives_unchanged(bigquery: Client, dataset: str, packed: bool) -> None:
    schema = [SchemaField("n", "INTEGER"), *(SchemaField(kind.lower(), kind) for kind in VALUES)]
    lines = [{"n": n} | {kind.lower(): as_json(pair[n]) for kind, pair in VALUES.items()} for n in (0, 1)]
    data = "".join(json.dumps(line) + "\n" for line in [*lines, {"n": 2}]).encode()
    job = load(bigquery, f"{dataset}.all", gzip.compress(data) if packed else data, schema)
    assert job.output_rows == 3
    assert rows(bigquery, f"select * except (n) from `{dataset}.all` order by n") == [
        tuple(pair[0] for pair in VALUES.values()),
        tuple(pair[1] for pair in VALUES.values()),
        (None,) * len(VALUES),
    ]


def test_any_json_value_is_a_json_value(bigquery: Client, dataset: str) -> None:
    """BigQuery's guide to JSON data loads the values 20, "This is a string" and {"id": 10}."""
    values = ["text", '{"not": "parsed"}', 20, 1.5, True, None, [1, "b"], {"id": 10}, "null"]
    lines = [{"id": n, "value": value} for n, value in enumerate(values)]
    load(bigquery, f"{dataset}.json", lines, [*ID, SchemaField("value", "JSON")])
    assert [value for (value,) in rows(bigquery, f"select value from `{dataset}.json` order by id")] == values


def test_forms_of_values_that_bigquery_reads(bigquery: Client, dataset: str) -> None:
    """Base64 with white space or without padding, intervals of ISO 8601, and the largest NUMERIC."""
    bigquery.query_and_wait(f"create table {dataset}.forms (b bytes, i interval, n numeric)")
    largest = "9.9999999999999999999999999999999999999E+28"
    lines = [{"b": "DQo=\n", "i": "P1Y2M3DT4H5M6.5S", "n": largest}, {"b": "YWI", "i": "1-2 3 4:5:6.5", "n": "0"}]
    assert bigquery.insert_rows_json(f"{dataset}.forms", lines) == []
    rows = [tuple(row.values()) for row in bigquery.list_rows(f"{dataset}.forms")]
    assert [row[0] for row in rows] == [b"\r\n", b"ab"]
    assert rows[0][1] == rows[1][1]
    assert rows[0][2] == Decimal(largest)


def test_numbers_keep_their_digits(bigquery: Client, dataset: str) -> None:
    """A double would lose digits of the NUMERIC, and the last zero of a number in a STRING column."""
    line = '{"n": 12345678901234567.125, "s": 1.10, "r": {"t": [2.50, "9.5"]}}'
    request = f'{{"rows": [{{"json": {line}}}]}}'.encode()
    bigquery.query_and_wait(f"create table {dataset}.digits (n numeric, s string, r struct<t array<string>>)")
    path = f"/projects/local-dev/datasets/{dataset}/tables/digits/insertAll"
    bigquery._connection.api_request("POST", path, data=request, content_type="application/json")
    config = google_bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON")
    bigquery.load_table_from_file(io.BytesIO(line.encode()), f"{dataset}.digits", job_config=config).result()
    expected = (Decimal("12345678901234567.125"), "1.10", {"t": ["2.50", "9.5"]})
    assert [row.values() for row in bigquery.list_rows(f"{dataset}.digits")] == [expected] * 2


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"t": ["x", 1.10]}', "x,1.10"),
        ('{"gr\\u00f6\\u00dfe": 1.10}', "1.10"),
        ('{"größe": 0.000010}', "0.000010"),
        ('{"größe": 1e16}', "1e16"),
        ('{"r": {"s": -2.50}}', "-2.50"),
        ('{"größe": "1.10", "n": 1.5}', "1.10"),
    ],
)
def test_a_number_in_a_string_column_is_the_text_of_the_file(
    bigquery: Client, dataset: str, line: str, text: str
) -> None:
    texts = SchemaField("t", "STRING", "REPEATED"), SchemaField("größe", "STRING"), SchemaField("n", "FLOAT")
    record = SchemaField("r", "RECORD", fields=[SchemaField("s", "STRING")])
    config = google_bigquery.LoadJobConfig(
        source_format="NEWLINE_DELIMITED_JSON", write_disposition="WRITE_TRUNCATE", schema=[*texts, record]
    )
    bigquery.load_table_from_file(io.BytesIO(line.encode()), f"{dataset}.number_texts", job_config=config).result()
    found = "concat(array_to_string(t, ','), ifnull(`größe`, ''), ifnull(r.s, ''))"
    assert rows(bigquery, f"select {found} from {dataset}.number_texts") == [(text,)]


def test_texts_like_numbers_stay_as_they_are(bigquery: Client, dataset: str) -> None:
    line = {"s": "1.5", "t": "2024-01-01", "n": 1.5}
    schema = [SchemaField("s", "STRING"), SchemaField("t", "STRING"), SchemaField("n", "FLOAT")]
    load(bigquery, f"{dataset}.texts", [line], schema)
    assert rows(bigquery, f"select s, t, n from {dataset}.texts") == [("1.5", "2024-01-01", 1.5)]


def test_required_columns_stay_required(bigquery: Client, dataset: str) -> None:
    table = f"{dataset}.orders"
    load(bigquery, table, [{"id": 1}], ID_AND_NOTE)
    assert modes(bigquery, table) == {"id": "REQUIRED", "note": "NULLABLE"}
    with pytest.raises(BadRequest, match="Only optional fields can be set to NULL"):
        load(bigquery, table, [{"note": "no id"}], ID_AND_NOTE)
    assert bigquery.get_table(table).num_rows == 1


def test_partitioning_and_clustering_are_kept(bigquery: Client, dataset: str) -> None:
    table = f"{dataset}.orders"
    schema = [*ID, SchemaField("at", "TIMESTAMP", "REQUIRED")]
    layout = {"time_partitioning": google_bigquery.TimePartitioning(field="at"), "clustering_fields": ["id"]}
    for _ in range(2):
        lines = [{"id": 1, "at": "2024-01-01T00:00:00Z"}]
        load(bigquery, table, lines, schema, write_disposition="WRITE_TRUNCATE", **layout)
    loaded = bigquery.get_table(table)
    assert loaded.time_partitioning.field == "at"
    assert loaded.clustering_fields == ["id"]
    assert loaded.num_rows == 1


def test_truncate_takes_the_schema_of_the_load(bigquery: Client, dataset: str) -> None:
    table = f"{dataset}.orders"
    load(bigquery, table, [{"other": "x"}], [SchemaField("other", "STRING", "REQUIRED")])
    load(bigquery, table, [{"id": 1}], ID_AND_NOTE, write_disposition="WRITE_TRUNCATE")
    assert bigquery.get_table(table).schema == ID_AND_NOTE


@pytest.mark.parametrize(
    "broken",
    [b'{"id": 2}\n{"id": "two"}\n', b'{"id": 2}\n{"id": ', b'{"id": 2}\n{"note": "no id"}\n'],
    ids=["bad value", "cut off", "required column missing"],
)
@pytest.mark.parametrize("disposition", ["WRITE_TRUNCATE", "WRITE_APPEND"])
def test_a_failing_load_changes_nothing(bigquery: Client, dataset: str, broken: bytes, disposition: str) -> None:
    table = f"{dataset}.orders"
    load(bigquery, table, [{"id": 1}], ID)
    additions = ["ALLOW_FIELD_ADDITION"] if disposition == "WRITE_APPEND" else None
    with pytest.raises(BadRequest):
        load(bigquery, table, broken, ID_AND_NOTE, write_disposition=disposition, schema_update_options=additions)
    assert rows(bigquery, f"select * from {table}") == [(1,)]
    assert bigquery.get_table(table).schema == ID


def test_append_adds_columns_only_when_allowed(bigquery: Client, dataset: str) -> None:
    table = f"{dataset}.orders"
    load(bigquery, table, [{"id": 1}], ID)
    with pytest.raises(BadRequest, match="Cannot add fields"):
        load(bigquery, table, [{"id": 2, "note": "x"}], ID_AND_NOTE)
    load(bigquery, table, [{"id": 2, "note": "x"}], ID_AND_NOTE, schema_update_options=["ALLOW_FIELD_ADDITION"])
    assert rows(bigquery, f"select id, note from {table} order by id") == [(1, None), (2, "x")]
    assert modes(bigquery, table) == {"id": "REQUIRED", "note": "NULLABLE"}


@pytest.mark.parametrize("data", [b"", gzip.compress(b"")], ids=["plain", "gzip"])
def test_an_empty_file_makes_an_empty_table(bigquery: Client, dataset: str, data: bytes) -> None:
    load(bigquery, f"{dataset}.orders", data, ID_AND_NOTE, write_disposition="WRITE_TRUNCATE")
    assert bigquery.get_table(f"{dataset}.orders").schema == ID_AND_NOTE
    assert rows(bigquery, f"select count(*) from {dataset}.orders") == [(0,)]


def test_merge_and_new_columns(bigquery: Client, dataset: str) -> None:
    """Deduplication as loaders do it: the newest version of each key is merged into the table."""
    schema = [*ID_AND_NOTE, SchemaField("at", "TIMESTAMP", "REQUIRED"), SchemaField("data", "JSON")]
    day = "2024-01-0{}T00:00:00Z"
    old = [{"id": n, "note": "old", "at": day.format(1), "data": {"n": n}} for n in (1, 2)]
    new = [{"id": n, "note": "new", "at": day.format(at), "data": {"n": at}} for n, at in ((2, 2), (2, 3), (3, 2))]
    load(bigquery, f"{dataset}.orders", old, schema)
    load(bigquery, f"{dataset}.staged", new, schema)
    job = bigquery.query(f"""
        merge `{dataset}`.`orders` target using (
            select * except (version) from (
                select *, row_number() over (partition by `id` order by `at` desc) as version from `{dataset}`.`staged`
            ) where version = 1
        ) newest on target.`id` = newest.`id`
        when matched and target.`at` < newest.`at`
            then update set `note` = newest.`note`, `at` = newest.`at`, `data` = newest.`data`
        when not matched
            then insert (`id`, `note`, `at`, `data`) values (newest.`id`, newest.`note`, newest.`at`, newest.`data`)
    """)
    job.result()
    assert job.num_dml_affected_rows == 2
    bigquery.query_and_wait(f"alter table {dataset}.orders add column if not exists `new column` json")
    assert rows(bigquery, f"select id, note, data, `new column` from {dataset}.orders order by id") == [
        (1, "old", {"n": 1}, None),
        (2, "new", {"n": 3}, None),
        (3, "new", {"n": 2}, None),
    ]


def test_loads_at_the_same_time_lose_nothing(bigquery: Client, dataset: str) -> None:
    def one(n: int) -> None:
        load(bigquery, f"{dataset}.shared", [{"id": n}] * 500, ID)
        load(bigquery, f"{dataset}.own_{n}", [{"id": n}] * 500, ID)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, range(8)))
    assert rows(bigquery, f"select id, count(*) from {dataset}.shared group by id order by id") == [
        (n, 500) for n in range(8)
    ]
    assert rows(bigquery, f"select count(*) from `{dataset}.own_*`") == [(4000,)]


def test_a_job_id_starts_one_job(bigquery: Client, dataset: str) -> None:
    table, threads = f"{dataset}.orders", 8
    load(bigquery, table, [{"id": 0}], ID)

    def one(job_id: str, together: threading.Barrier) -> int:
        together.wait()
        try:
            load(bigquery, table, [{"id": 1}], ID, job_id=job_id)
        except Conflict:
            return 0
        return 1

    for _ in range(6):
        with ThreadPoolExecutor(threads) as pool:
            barrier = threading.Barrier(threads)
            assert sum(pool.map(one, [uuid.uuid4().hex] * threads, [barrier] * threads)) == 1
    assert rows(bigquery, f"select count(*) from {table}") == [(7,)]


def upload_address(url: str, table: str, job_id: str) -> str:
    """Start a resumable upload of NDJSON into `dataset.table` and return the address for its chunks."""
    dataset_id, table_id = table.split(".")
    target = {"projectId": "local-dev", "datasetId": dataset_id, "tableId": table_id}
    schema = {"fields": [{"name": "id", "type": "INTEGER"}]}
    configuration = {"destinationTable": target, "sourceFormat": "NEWLINE_DELIMITED_JSON", "schema": schema}
    job = {"jobReference": {"projectId": "local-dev", "jobId": job_id}, "configuration": {"load": configuration}}
    address = f"{url}/upload/bigquery/v2/projects/local-dev/jobs?uploadType=resumable"
    request = urllib.request.Request(address, json.dumps(job).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return str(answer.headers["Location"])


def put_chunk(address: str, data: bytes, content_range: str) -> int:
    """Send a chunk and return the status of the answer (308: go on)."""
    request = urllib.request.Request(address, data, {"Content-Range": content_range}, method="PUT")
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_chunk_that_is_sent_again_counts_once(bigquery: Client, warehouse: Any, dataset: str) -> None:
    job_id = uuid.uuid4().hex
    address = upload_address(warehouse.url, f"{dataset}.orders", job_id)
    chunk = b'{"id": 1}\n'
    for _ in range(2):
        assert put_chunk(address, chunk, "bytes 0-9/20") == 308
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: put_chunk(address, chunk, "bytes 10-19/20"), range(4))) == {200}
    bigquery.get_job(job_id).result()
    assert rows(bigquery, f"select count(*) from {dataset}.orders") == [(2,)]


def test_a_refused_upload_leaves_no_file(bigquery: Client, warehouse: Any, dataset: str, local_platform: Any) -> None:
    uploads: Path = local_platform.settings.directory / "warehouse" / "uploads"
    table, job_id = f"{dataset}.orders", uuid.uuid4().hex
    load(bigquery, table, [{"id": 1}], ID, job_id=job_id)
    before = set(uploads.iterdir())
    with pytest.raises(Conflict):
        load(bigquery, table, [{"id": 1}], ID, job_id=job_id)
    assert put_chunk(upload_address(warehouse.url, table, job_id), b'{"id": 1}\n', "bytes 0-9/10") == 409
    assert set(uploads.iterdir()) == before


@pytest.mark.slow
def test_a_large_upload_needs_little_memory(
    bigquery: Client, dataset: str, tmp_path: Path, local_platform: Any
) -> None:
    """240 MB in chunks of 100 MiB, which is what the client sends."""
    path, lines = tmp_path / "large.ndjson", 240_000
    with path.open("wb") as file:
        for n in range(lines):
            file.write(b'{"id": %d, "note": "%s"}\n' % (n, b"x" * 1_000))
    pid = local_platform.services.processes["warehouse"].popen.pid
    status = Path(f"/proc/{pid}/status")
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # starts a new peak
    before = kilobytes(status, "VmRSS")
    config = google_bigquery.LoadJobConfig(
        source_format="NEWLINE_DELIMITED_JSON", schema=ID, ignore_unknown_values=True
    )
    with path.open("rb") as file:
        job = bigquery.load_table_from_file(file, f"{dataset}.large", job_config=config, size=path.stat().st_size)
    peak = kilobytes(status, "VmHWM")
    job.result()
    assert job.output_rows == lines
    # Well below the 240 MB of the whole; the load may have begun, which takes some of it.
    assert peak - before < 160_000, f"the upload took {(peak - before) // 1000} MB of memory"


def kilobytes(status: Path, name: str) -> int:
    """Return a field of /proc/<pid>/status, in kB."""
    return int(status.read_text().split(f"{name}:")[1].split()[0])
