"""How Google's client reads rows when google-cloud-bigquery-storage is installed: with REST alone, and with gRPC."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import httpx
import pyarrow as pa
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery as google_bigquery
from google.cloud.bigquery_storage_v1 import types
from google.cloud.bigquery_storage_v1.services.big_query_read import BigQueryReadClient
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport

from .running import RunningPlatform, Server

pytestmark = pytest.mark.filterwarnings("ignore:Retrieving:PendingDeprecationWarning")
Client = google_bigquery.Client
ROWS = """
select n as id, concat('row ', n) as name, timestamp_micros(n) as moment, datetime '2024-01-02 03:04:05' as local,
  date '2024-01-02' as day, time '03:04:05' as clock, numeric '1.5' as price, bignumeric '2.25' as exact, b'ab' as raw,
  json '{"a": 1}' as doc, [n, n + 1] as list, if(n = 1, null, [n]) as gap,
  struct(n as a, [struct('x' as b)] as c) as nested
from unnest(generate_array(1, 20)) as n
"""
PYTHON = "gl-python/3.13.0 gax/2.0 gapic/{0} gccl/{0}"


@pytest.fixture(scope="module")
def read_client(local_platform: RunningPlatform, warehouse: Server) -> Iterator[BigQueryReadClient]:
    """A client of the Storage Read API without TLS."""
    channel = grpc.insecure_channel(f"127.0.0.1:{local_platform.settings.ports['warehouse-storage']}")
    with BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel)) as client:
        yield client


@pytest.fixture
def table(bigquery: Client, dataset: str) -> str:
    """The path of a table with values of most types."""
    bigquery.query_and_wait(f"create table {dataset}.rows as {ROWS}")
    return f"projects/local-dev/datasets/{dataset}/tables/rows"


def session(client: BigQueryReadClient, table: str, **fields: object) -> types.ReadSession:
    """Create a read session in the format Arrow."""
    wanted = types.ReadSession(table=table, data_format=types.DataFormat.ARROW, **fields)
    return client.create_read_session(parent="projects/local-dev", read_session=wanted, max_stream_count=3, retry=None)


def read(client: BigQueryReadClient, table: str, **options: object) -> pa.Table:
    """Read a table to the end."""
    found = session(client, table, read_options=types.ReadSession.TableReadOptions(**options))
    schema = pa.ipc.read_schema(pa.py_buffer(found.arrow_schema.serialized_schema))
    batches = [
        pa.ipc.read_record_batch(pa.py_buffer(answer.arrow_record_batch.serialized_record_batch), schema)
        for stream in found.streams
        for answer in client.read_rows({"read_stream": stream.name})
    ]
    return pa.Table.from_batches(batches, schema)


def test_the_answer_to_a_waiting_client_has_every_row(bigquery: Client) -> None:
    job = bigquery.query(ROWS)
    assert job.result()._is_almost_completely_cached()  # so that to_dataframe() needs no gRPC
    assert len(job.result().to_dataframe()) == 20
    assert bigquery.query(ROWS).result().to_arrow().column("moment")[1].as_py().microsecond == 2


def test_a_job_that_was_waited_for_still_has_each_page(bigquery: Client) -> None:
    job = bigquery.query("select n from unnest(generate_array(1, 25)) as n order by n")
    assert job.result().total_rows == 25
    assert [row.n for row in job.result(start_index=22)] == [23, 24, 25]
    assert [row.n for row in job.result(start_index=5, max_results=2)] == [6, 7]
    assert [row.n for row in job.result(max_results=2)] == [1, 2]
    again = bigquery.get_job(job.job_id)
    assert isinstance(again, google_bigquery.QueryJob)
    assert [len(list(page)) for page in again.result(page_size=10).pages] == [10, 10, 5]


def test_a_result_above_a_page_comes_whole_too(warehouse: Server) -> None:
    body = {"query": "select n from unnest(generate_array(1, 100002)) as n order by n", "useLegacySql": False}
    headers = {"user-agent": PYTHON.format("3.47.0")}
    answer = httpx.post(f"{warehouse.url}/bigquery/v2/projects/local-dev/queries", json=body, headers=headers).json()
    assert answer["rows"][-2:] == [{"f": [{"v": "100001"}]}, {"f": [{"v": "100002"}]}]
    assert len(answer["rows"]) == 100_002
    assert "pageToken" not in answer


@pytest.mark.parametrize(("agent", "rows"), [(PYTHON.format("3.47.0"), 20), (PYTHON.format("3.34.0"), 0), ("go", 0)])
def test_only_clients_that_take_rows_while_they_wait_get_them(
    bigquery: Client, warehouse: Server, agent: str, rows: int
) -> None:
    job = bigquery.query(ROWS)
    job.result()
    address = f"{warehouse.url}/bigquery/v2/projects/local-dev/queries/{job.job_id}?maxResults=0"
    answer = httpx.get(address, headers={"user-agent": agent}).json()
    assert len(answer.get("rows", [])) == rows
    assert answer["totalRows"] == "20"


def test_an_unmodified_client_reads_a_table_through_the_proxy(
    bigquery: Client, local_platform: RunningPlatform, warehouse: Server, dataset: str, tmp_path: Path
) -> None:
    """The client connects to Google's host; two variables that gRPC reads redirect it to the emulator."""
    bigquery.query_and_wait(f"create table {dataset}.rows as {ROWS}")
    roots = tmp_path / "roots.pem"
    roots.write_text(httpx.get(f"{warehouse.url}/storage-roots.pem").text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("grpc_proxy", f"http://127.0.0.1:{local_platform.settings.ports['warehouse-storage']}")
        patch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", str(roots))
        frame = bigquery.list_rows(f"{dataset}.rows").to_dataframe()
    assert list(frame.id) == list(range(1, 21))
    assert frame.price[0] == Decimal("1.5")
    assert list(frame.gap[0]) == []


def test_the_proxy_refuses_other_hosts(local_platform: RunningPlatform, warehouse: Server) -> None:
    address = f"http://127.0.0.1:{local_platform.settings.ports['warehouse-storage']}"
    with pytest.raises(httpx.ProxyError, match="403"), httpx.Client(proxy=address) as client:
        client.get("https://pubsub.googleapis.com")


def test_arrow_has_bigquerys_types_and_the_values(read_client: BigQueryReadClient, table: str) -> None:
    found = read(read_client, table)
    kinds = {field.name: str(field.type) for field in found.schema}
    assert kinds["exact"] == "decimal256(76, 38)"
    assert kinds["nested"] == "struct<a: int64, c: list<item: struct<b: string>>>"
    assert found.schema.field("local").metadata == {b"ARROW:extension:name": b"google:sqlType:datetime"}
    [first, *_] = found.to_pylist()
    assert first["moment"] == datetime.datetime(1970, 1, 1, 0, 0, 0, 1, datetime.UTC)
    assert (first["id"], first["list"], first["gap"], first["doc"]) == (1, [1, 2], [], '{"a":1}')
    assert first["nested"] == {"a": 1, "c": [{"b": "x"}]}


def test_a_session_selects_fields_and_rows(read_client: BigQueryReadClient, table: str) -> None:
    found = read(
        read_client, table, selected_fields=["nested.a", "ID"], row_restriction="id > 18 and name like 'row %'"
    )
    assert found.to_pylist() == [{"id": 19, "nested": {"a": 19}}, {"id": 20, "nested": {"a": 20}}]


def test_a_stream_continues_at_an_offset_and_cannot_be_split(read_client: BigQueryReadClient, table: str) -> None:
    [stream] = session(read_client, table).streams  # fewer than the three that were asked for
    assert sum(page.row_count for page in read_client.read_rows({"read_stream": stream.name, "offset": 15})) == 5
    assert not read_client.split_read_stream({"name": stream.name}).primary_stream.name


def test_avro_rows(read_client: BigQueryReadClient, table: str) -> None:
    options = types.ReadSession.TableReadOptions(selected_fields=["id"])
    wanted = types.ReadSession(table=table, data_format=types.DataFormat.AVRO, read_options=options)
    found = read_client.create_read_session(parent="projects/local-dev", read_session=wanted)
    [answer] = read_client.read_rows({"read_stream": found.streams[0].name})
    # A union's second type is 02, and zigzag coding doubles the number.
    assert answer.avro_rows.serialized_binary_rows == bytes(b for n in range(1, 21) for b in (2, 2 * n))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"read_options": {"selected_fields": ["nested.z"]}}, "nested.z"),
        ({"read_options": {"row_restriction": "nope = 1"}}, "nope"),
        ({"read_options": {"row_restriction": "id ="}}, "Syntax error"),
        ({"table_modifiers": {"snapshot_time": {"seconds": 1}}}, "time travel"),
    ],
)
def test_what_a_session_cannot_do_is_refused(
    read_client: BigQueryReadClient, table: str, fields: dict[str, object], reason: str
) -> None:
    with pytest.raises(GoogleAPICallError, match=reason):
        session(read_client, table, **fields)


def test_views_and_missing_tables_are_refused(bigquery: Client, dataset: str, read_client: BigQueryReadClient) -> None:
    bigquery.query_and_wait(f"create view {dataset}.one as select 1 as id")
    path = f"projects/local-dev/datasets/{dataset}/tables"
    for name, reason in {"one": "is a view", "none": "Not found"}.items():
        with pytest.raises(GoogleAPICallError, match=reason):
            session(read_client, f"{path}/{name}")
