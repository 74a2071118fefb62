"""Jobs and requests that write tables: nested fields, limits and defaults of the schema, single partitions."""

import datetime
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery as google_bigquery
from google.cloud.bigquery import SchemaField as Field

from .queries import run

Client = google_bigquery.Client
APPEND, TRUNCATE = "WRITE_APPEND", "WRITE_TRUNCATE"
ADD, RELAX = "ALLOW_FIELD_ADDITION", "ALLOW_FIELD_RELAXATION"


@pytest.fixture(scope="module")
def writes(bigquery: Client) -> Iterator[None]:
    """The default dataset `x` for all tests of this file."""
    bigquery.create_dataset("x", exists_ok=True)
    yield
    bigquery.delete_dataset("x", delete_contents=True)


def load(client: Client, table: str, lines: list[dict[str, Any]], schema: list[Field] | None, **config: Any) -> None:
    """Load lines of NDJSON."""
    options = google_bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", **config)
    if schema:
        options.schema = schema
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    client.load_table_from_file(io.BytesIO(content), table, job_config=options).result()


T = "(id INT64 NOT NULL, s STRING(3), a ARRAY<INT64>)"
SMALL = [
    Field("id", "INTEGER", "REQUIRED"),
    Field("p", "RECORD", fields=[Field("x", "STRING")]),
    Field("l", "RECORD", "REPEATED", fields=[Field("k", "INTEGER")]),
]
DEEP = Field("m", "RECORD", "REPEATED", fields=[Field("b", "BYTES"), Field("t", "STRING", "REPEATED")])
LARGE = [
    Field("id", "INTEGER"),
    Field("p", "RECORD", fields=[Field("x", "STRING"), Field("y", "DATE")]),
    Field("l", "RECORD", "REPEATED", fields=[Field("k", "INTEGER"), DEEP]),
    Field("z", "STRING", "REPEATED"),
]
FIRST: dict[str, Any] = {"id": 1, "p": {"x": "a"}, "l": [{"k": 1}]}
SECOND: dict[str, Any] = {"id": 2, "p": {"y": "2024-01-01"}, "l": [{"k": 2, "m": [{"b": "/w=="}]}], "z": ["q"]}
BOTH = [
    (None, None, [], []),
    (1, {"x": "a", "y": None}, [{"k": 1, "m": []}], []),
    (2, {"x": None, "y": datetime.date(2024, 1, 1)}, [{"k": 2, "m": [{"b": b"\xff", "t": []}]}], ["q"]),
]


@pytest.mark.parametrize("way", ["load", "update_table"])
def test_new_nested_fields_keep_their_values(bigquery: Client, writes: None, way: str) -> None:
    table = f"x.nested_{way}"
    load(bigquery, table, [FIRST], SMALL)
    with pytest.raises(GoogleAPICallError, match="Field id has changed mode from REQUIRED to NULLABLE"):
        load(bigquery, table, [SECOND], LARGE, schema_update_options=[ADD])
    with pytest.raises(GoogleAPICallError, match=r"Cannot add fields \(field: p.y\)"):
        load(bigquery, table, [SECOND], LARGE, schema_update_options=[RELAX])
    if way == "load":
        load(bigquery, table, [SECOND, {}], LARGE, schema_update_options=[ADD, RELAX])
    else:
        updated = bigquery.get_table(table)
        updated.schema = LARGE
        assert bigquery.update_table(updated, ["schema"]).schema == LARGE
        assert bigquery.insert_rows_json(updated, [SECOND, {}]) == []
    assert run(bigquery, f"SELECT * FROM {table} ORDER BY id") == BOTH
    changed = bigquery.get_table(table)
    changed.schema = LARGE[:-1]
    with pytest.raises(GoogleAPICallError, match="Cannot remove field: z"):
        bigquery.update_table(changed, ["schema"])


def test_rows_of_a_query_are_added_to_a_table(bigquery: Client, writes: None) -> None:
    run(bigquery, "CREATE OR REPLACE TABLE x.q AS SELECT 1 AS id, STRUCT('a' AS x) AS p")
    to = {"destination": "local-dev.x.q", "write_disposition": APPEND}
    more = "SELECT STRUCT(5 AS y, 'b' AS x) AS p, 2 AS id"
    with pytest.raises(GoogleAPICallError, match=r"Cannot add fields \(field: p.y\)"):
        run(bigquery, more, **to)
    run(bigquery, more, schema_update_options=[ADD], **to)
    with pytest.raises(GoogleAPICallError, match="Field id has changed type from INTEGER to STRING"):
        run(bigquery, "SELECT 'x' AS id", **to)
    with pytest.raises(GoogleAPICallError, match="no"):
        run(bigquery, "SELECT ERROR('no') AS id", destination="local-dev.x.q", write_disposition=TRUNCATE)
    wanted = [(1, {"x": "a", "y": None}), (2, {"x": "b", "y": 5})]
    assert run(bigquery, "SELECT * FROM x.q ORDER BY id") == wanted
    own = {"destination": "local-dev.x.q", "write_disposition": TRUNCATE}
    assert run(bigquery, "SELECT id + 1 AS id FROM x.q ORDER BY id", **own) == [(2,), (3,)]


def test_a_table_is_copied_to_itself_and_with_its_limits(bigquery: Client, writes: None) -> None:
    run(bigquery, f"CREATE OR REPLACE TABLE x.t {T}; INSERT INTO x.t (id, s) VALUES (1, 'abc')")
    options = google_bigquery.CopyJobConfig(write_disposition=TRUNCATE)
    for target in ("x.t", "x.t_copy"):
        bigquery.copy_table("x.t", target, job_config=options).result()
        assert run(bigquery, f"SELECT id, s, a FROM {target}") == [(1, "abc", [])]
    with pytest.raises(GoogleAPICallError, match=r"STRING\(3\)"):
        run(bigquery, "INSERT INTO x.t_copy (id, s) VALUES (1, 'abcd')")


def write(client: Client, way: str, table: str) -> None:
    """Write a row into a table by a job or a statement, and replace what it has."""
    if way == "copy":
        options = google_bigquery.CopyJobConfig(write_disposition=TRUNCATE)
        client.copy_table("x.other", f"x.{table}", job_config=options).result()
    elif way == "load":
        load(client, f"x.{table}", [{"id": 2}], [Field("id", "INTEGER")])
    elif way == "query":
        run(client, "SELECT 2 AS id", destination=f"local-dev.x.{table}", write_disposition=TRUNCATE)
    else:
        run(client, f"{way} x.{table} AS SELECT 2 AS id")


@pytest.mark.parametrize(
    "way",
    ["copy", "load", "query", "CREATE OR REPLACE TABLE", "CREATE OR REPLACE VIEW", "CREATE VIEW IF NOT EXISTS"],
)
def test_a_name_in_another_case_does_not_replace_a_table(bigquery: Client, writes: None, way: str) -> None:
    """To DuckDB `x.cased` and `x.Cased` are one table: the rows would be lost, and the job would succeed."""
    kind, name = ("VIEW", "cased_view") if way.endswith("VIEW") else ("TABLE", "cased")
    run(bigquery, f"CREATE OR REPLACE {kind} x.{name} AS SELECT 1 AS id")
    run(bigquery, "CREATE OR REPLACE TABLE x.other AS SELECT 2 AS id")
    with pytest.raises(GoogleAPICallError, match=f"the dataset has the table {name}"):
        write(bigquery, way, name.upper())
    assert run(bigquery, f"SELECT id FROM x.{name}") == [(1,)]


def test_one_partition_is_replaced(bigquery: Client, writes: None) -> None:
    run(
        bigquery,
        "CREATE OR REPLACE TABLE x.days (d DATE, v INT64) PARTITION BY d; "
        "INSERT INTO x.days VALUES ('2024-01-01', 1), ('2024-01-02', 2)",
    )
    load(bigquery, "x.days$20240101", [{"d": "2024-01-01", "v": 7}], None, write_disposition=TRUNCATE)
    with pytest.raises(GoogleAPICallError, match="different partitions rather than destination partition 20240101"):
        load(bigquery, "x.days$20240101", [{"d": "2024-01-05", "v": 7}], None, write_disposition=TRUNCATE)
    run(
        bigquery,
        "SELECT DATE '2024-01-02' AS d, 8 AS v",
        destination="local-dev.x.days$20240102",
        write_disposition=TRUNCATE,
    )
    assert run(bigquery, "SELECT v FROM x.days ORDER BY d") == [(7,), (8,)]


def test_defaults_and_refusals_of_insert_all(bigquery: Client, writes: None) -> None:
    schema = [
        Field("id", "INTEGER", "REQUIRED"),
        Field("s", "STRING", max_length=2, default_value_expression="'x'"),
        Field("p", "RECORD", fields=[Field("i", "INTEGER")]),
    ]
    bigquery.delete_table("x.inserted", not_found_ok=True)
    table = bigquery.create_table(google_bigquery.Table("local-dev.x.inserted", schema=schema))
    assert bigquery.insert_rows_json(table, [{"id": 1}, {"ID": 2, "s": None}, {"id": 3, "s": "y"}]) == []
    load(bigquery, "x.inserted", [{"id": 4}], schema[:1])
    assert run(bigquery, "SELECT id, s FROM x.inserted ORDER BY id") == [(1, "x"), (2, None), (3, "y"), (4, "x")]
    bad: list[dict[str, Any]] = [
        {"id": 1, "s": "abc"},
        {"s": "a"},
        {"id": 1, "p": {"i": 1.5}},
        {"id": 1, "p": {"z": 1}},
        {"id": 1},
    ]
    errors = bigquery.insert_rows_json(table, bad)
    places = [(each["index"], each["errors"][0]["reason"], each["errors"][0]["location"]) for each in errors]
    assert places == [
        (0, "invalid", "s"),
        (1, "invalid", "id"),
        (2, "invalid", "p.i"),
        (3, "invalid", "p.z"),
        (4, "stopped", ""),
    ]


def test_parquet(bigquery: Client, writes: None) -> None:
    moment = datetime.datetime(2024, 1, 5, 10, 0, tzinfo=datetime.UTC)
    table = pa.table(
        {
            "b": pa.array([b"\xff\x00"], pa.binary()),
            "n": pa.array([Decimal("1.5")], pa.decimal128(10, 2)),
            "t": pa.array([moment], pa.timestamp("us", "UTC")),
            "l": pa.array([[{"k": b"x"}]], pa.list_(pa.struct([("k", pa.binary())]))),
            "e": pa.array([None], pa.null()),
        }
    )
    content = io.BytesIO()
    pyarrow.parquet.write_table(table, content)

    def load_parquet(*schema: Field, lists: bool = True) -> list[Any]:
        options = google_bigquery.ParquetOptions()
        options.enable_list_inference = lists
        config = google_bigquery.LoadJobConfig(
            source_format="PARQUET", write_disposition=TRUNCATE, parquet_options=options
        )
        config.schema = list(schema)
        content.seek(0)
        bigquery.load_table_from_file(content, "x.parquet", job_config=config).result()
        return run(bigquery, "SELECT b, n, t, l FROM x.parquet")

    fields = [
        Field("B", "BYTES"),
        Field("n", "NUMERIC"),
        Field("t", "TIMESTAMP"),
        Field("l", "RECORD", "REPEATED", fields=[Field("k", "BYTES")]),
        Field("e", "STRING"),
    ]
    wanted = [(b"\xff\x00", Decimal("1.5"), moment, [{"k": b"x"}])]
    assert load_parquet() == wanted
    assert load_parquet(*fields) == wanted
    for schema, words in (
        ([*fields[:1], Field("n", "STRING"), *fields[2:]], "'n' of the file has type NUMERIC"),
        (fields[:-1], "No such field: e"),
    ):
        with pytest.raises(GoogleAPICallError, match=words):
            load_parquet(*schema)
    with pytest.raises(GoogleAPICallError, match="Set enable_list_inference"):
        load_parquet(lists=False)


def test_an_annotated_time_in_parquet_is_a_timestamp_at_its_own_place(bigquery: Client, writes: None) -> None:
    """Times of nanoseconds have no old annotation: a field of the same name elsewhere in the file stays DATETIME."""
    moment = datetime.datetime(2024, 1, 5, 10, 0)
    micros, nanos = pa.timestamp("us"), pa.timestamp("ns")
    columns = {
        "a": nanos,
        "r": pa.struct([("a", micros), ("b", nanos)]),
        "b": micros,
        "l": pa.list_(micros),
        "s": pa.list_(pa.struct([("a", micros), ("element", nanos)])),
    }
    row = {"a": moment, "b": moment, "l": [moment], "r": {"a": moment, "b": moment}}
    row["s"] = [{"a": moment, "element": moment}]
    content = io.BytesIO()
    pyarrow.parquet.write_table(pa.Table.from_pylist([row], pa.schema(columns)), content, version="2.6")
    options = google_bigquery.ParquetOptions()
    options.enable_list_inference = True
    config = google_bigquery.LoadJobConfig(source_format="PARQUET", parquet_options=options)
    content.seek(0)
    bigquery.load_table_from_file(content, "x.instants", job_config=config).result()
    schema = bigquery.get_table("x.instants").schema
    found = {f"{each.name}.{part.name}": part.field_type for each in schema for part in each.fields}
    found |= {each.name: each.field_type for each in schema if not each.fields}
    times = {"a": "DATETIME", "b": "TIMESTAMP", "l": "TIMESTAMP"}
    assert found == times | {"r.a": "TIMESTAMP", "r.b": "DATETIME", "s.a": "TIMESTAMP", "s.element": "DATETIME"}
    aware = moment.replace(tzinfo=datetime.UTC)
    assert run(bigquery, "SELECT r.a AS r, l, s[0].a AS s FROM x.instants") == [(aware, [aware], aware)]
