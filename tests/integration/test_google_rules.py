"""The front refuses what Google BigQuery refuses, through the official client."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery import LoadJobConfig, SchemaField, Table, TimePartitioning

from .google_front import Front

ID, TEXT, DAY = SchemaField("id", "INTEGER"), SchemaField("name", "STRING"), SchemaField("day", "DATE")
FRACTION, ANY = SchemaField("fraction", "FLOAT"), SchemaField("any", "JSON")
LIST = SchemaField("list", "STRING", mode="REPEATED")


@pytest.fixture
def client(strict_warehouse: Front) -> Iterator[bigquery.Client]:
    options = {"api_endpoint": strict_warehouse.url}
    with bigquery.Client("local-dev", AnonymousCredentials(), location="US", client_options=options) as client:
        yield client


@pytest.fixture
def table(client: bigquery.Client, dataset: str) -> Table:
    made = Table(f"local-dev.{dataset}.t", schema=[ID, TEXT, DAY])
    made.clustering_fields = ["id"]
    return client.create_table(made)


def load(client: bigquery.Client, table: Table, rows: list[dict[str, Any]], **more: Any) -> None:
    """Append rows, or do what the configuration says."""
    job_id = more.pop("job_id", None)
    config = LoadJobConfig(**({"schema": [ID, TEXT, DAY], "source_format": "NEWLINE_DELIMITED_JSON"} | more))
    data = io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    # A resumable upload, as the loader's.
    client.load_table_from_file(data, table.reference, job_config=config, job_id=job_id, num_retries=0).result()


@pytest.mark.parametrize(
    ("column", "message"),
    [("nowhere", "nowhere"), ("fraction", "FLOAT"), ("any", "JSON"), ("list", "list")],
)
def test_a_clustering_column_must_exist_and_have_an_allowed_type(
    client: bigquery.Client, dataset: str, column: str, message: str
) -> None:
    made = Table(f"local-dev.{dataset}.x", schema=[ID, FRACTION, ANY, LIST])
    made.clustering_fields = [column]
    with pytest.raises(exceptions.BadRequest, match=message):
        client.create_table(made)


def test_at_most_four_columns_cluster_and_a_date_or_time_partitions(client: bigquery.Client, dataset: str) -> None:
    made = Table(f"local-dev.{dataset}.x", schema=[SchemaField(name, "STRING") for name in "abcde"])
    made.clustering_fields = list("abcde")
    with pytest.raises(exceptions.BadRequest, match="4"):
        client.create_table(made)
    made.clustering_fields = None
    made.time_partitioning = TimePartitioning(field="a")
    with pytest.raises(exceptions.BadRequest, match="STRING"):
        client.create_table(made)


def change(name: str) -> Callable[[Table], str]:
    def clustering(table: Table) -> str:
        table.clustering_fields = ["nowhere"]
        return "clustering_fields"

    def schema(*fields: SchemaField) -> Callable[[Table], str]:
        def changed(table: Table) -> str:
            table.schema = list(fields)
            return "schema"

        return changed

    return {
        "clustering": clustering,
        "a lost column": schema(ID, TEXT),
        "another type": schema(SchemaField("id", "STRING"), TEXT, DAY),
        "a narrower type": schema(ID, TEXT, SchemaField("day", "INTEGER")),
        "a wider type": schema(SchemaField("id", "NUMERIC"), TEXT, DAY),
        "a required column": schema(ID, TEXT, DAY, SchemaField("must", "STRING", mode="REQUIRED")),
        "a stricter mode": schema(SchemaField("id", "INTEGER", mode="REQUIRED"), TEXT, DAY),
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "clustering",
        "a lost column",
        "another type",
        "a narrower type",
        "a wider type",
        "a required column",
        "a stricter mode",
    ],
)
def test_a_table_update_is_refused(client: bigquery.Client, table: Table, name: str) -> None:
    field = change(name)(table)
    with pytest.raises(exceptions.BadRequest):
        client.update_table(table, [field])


@pytest.mark.parametrize(("column", "type_"), [("id", "STRING"), ("day", "STRING"), ("name", "INT64")])
def test_an_altered_column_keeps_its_type_unless_the_new_one_holds_more(
    client: bigquery.Client, table: Table, column: str, type_: str
) -> None:
    alter = f"ALTER TABLE `{table.full_table_id.replace(':', '.')}` ALTER COLUMN"
    with pytest.raises(exceptions.BadRequest, match=column):
        client.query(f"{alter} `{column}` SET DATA TYPE {type_}").result()
    client.query(f"{alter} `id` SET DATA TYPE NUMERIC").result()
    assert client.get_table(table.reference).schema[0].field_type == "NUMERIC"


def test_a_table_update_may_add_columns_and_cluster_by_them(client: bigquery.Client, table: Table) -> None:
    table.schema = [*table.schema, SchemaField("more", "STRING")]
    table.clustering_fields = ["more"]
    assert client.update_table(table, ["schema", "clustering_fields"]).clustering_fields == ["more"]


def test_a_table_update_after_rows_were_loaded_needs_the_new_etag(client: bigquery.Client, table: Table) -> None:
    load(client, table, [{"id": 1}])
    table.description = "x"
    with pytest.raises(exceptions.PreconditionFailed):
        client.update_table(table, ["description"])
    table = client.get_table(table.reference)
    table.description = "x"
    client.update_table(table, ["description"])


@pytest.mark.parametrize(
    ("rows", "more", "message"),
    [
        ([{"id": 1, "other": 2}], {}, "other"),
        ([{"id": 1}], {"clustering_fields": ["name"]}, "partitioning"),
        ([{"id": 1}], {"schema": [ID, SchemaField("more", "STRING")]}, "more"),
        ([{"id": 1}], {"schema": [SchemaField("id", "STRING")]}, "id"),
        ([{"id": 1}], {"schema": [ANY], "source_format": "PARQUET"}, "Parquet"),
        ([{"id": 1}], {"job_id": "not allowed!"}, "job ID"),
    ],
    ids=["field", "clustering", "column", "type", "parquet", "job id"],
)
def test_a_load_is_refused(
    client: bigquery.Client, table: Table, rows: list[dict[str, Any]], more: dict[str, Any], message: str
) -> None:
    with pytest.raises(exceptions.BadRequest, match=message):
        load(client, table, rows, **more)


def test_unknown_fields_are_taken_where_they_are_to_be_ignored(
    client: bigquery.Client, table: Table, strict_warehouse: Front
) -> None:
    load(client, table, [{"id": 1, "other": 2}], ignore_unknown_values=True)
    assert strict_warehouse.rules.refusals == []


def test_a_job_id_is_taken_once_and_a_tables_load_jobs_are_counted(
    client: bigquery.Client, table: Table, strict_warehouse: Front
) -> None:
    strict_warehouse.rules.load_jobs_a_day = 2
    load(client, table, [{"id": 1}], job_id=f"once_{table.dataset_id}")
    with pytest.raises(exceptions.Conflict):
        load(client, table, [{"id": 1}], job_id=f"once_{table.dataset_id}")
    load(client, table, [{"id": 1}])
    with pytest.raises(exceptions.Forbidden, match="Quota exceeded"):
        load(client, table, [{"id": 1}])
