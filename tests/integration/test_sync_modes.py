"""Every sync mode, with data that change between the syncs: airbyte-lite's API, the real connector, the emulator."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from .running import Server
from .syncs import Syncs, s3_configuration

Put = Callable[[str, str | bytes], None]
OVERWRITE = "full_refresh_overwrite"
FIRST = "id,name,amount\n1,Ada,10\n2,Grace,20\n"
SECOND = "id,name,amount\n2,Grace Hopper,25\n3,Edsger,30\n"


@pytest.fixture
def source(s3: Server, bucket: str) -> dict[str, object]:
    """A configuration that reads the bucket's CSV files as the stream `people`."""
    return s3_configuration(s3.url, bucket, "people", ["people*.csv"])


def one_stream_for_each(names: Iterable[str], s3: Server, bucket: str) -> dict[str, Any]:
    """Return a configuration with a stream for each name, which reads the file of this name."""
    sources = [s3_configuration(s3.url, bucket, name, [f"{name}.csv"]) for name in names]
    return sources[0] | {"streams": [stream for source in sources for stream in source["streams"]]}


def in_mode(names: Iterable[str], mode: str = "") -> dict[str, Any]:
    """Return the streams of a connection; without a mode, each stream has the mode that is its name."""
    return {"streams": [{"name": name, "syncMode": mode or name, "primaryKey": [["id"]]} for name in names]}


BOTH: list[tuple[object, ...]] = [(1, "Ada", 10), (2, "Grace", 20), (2, "Grace Hopper", 25), (3, "Edsger", 30)]
CHANGED: dict[str, tuple[int, list[tuple[object, ...]]]] = {
    # for each mode: the rows of a sync of the unchanged file, and the table after a sync of the changed file
    OVERWRITE: (2, [(2, "Grace Hopper", 25), (3, "Edsger", 30)]),
    "full_refresh_append": (2, [BOTH[0], BOTH[0], BOTH[1], *BOTH[1:]]),
    "incremental_append": (0, BOTH),
    "incremental_deduped_history": (0, [(1, "Ada", 10), (2, "Grace Hopper", 25), (3, "Edsger", 30)]),
}


def test_an_unchanged_and_a_changed_file(
    syncs: Syncs, s3: Server, bucket: str, put: Put, dataset: str, subtests: pytest.Subtests
) -> None:
    """Each mode is a stream of one connection."""
    for mode in CHANGED:
        put(f"{mode}.csv", FIRST)
    source = one_stream_for_each(CHANGED, s3, bucket)
    connection = syncs.connect(source, dataset, OVERWRITE, configurations=in_mode(CHANGED))
    assert syncs.sync(connection)["rowsSynced"] == 2 * len(CHANGED)
    assert syncs.sync(connection)["rowsSynced"] == sum(rows for rows, _ in CHANGED.values())
    for mode in CHANGED:
        rows = 4 if mode == "full_refresh_append" else 2
        assert syncs.rows(f"select count(*) from {dataset}.{mode}") == [(rows,)], mode
        put(f"{mode}.csv", SECOND)
    assert syncs.sync(connection)["rowsSynced"] == 2 * len(CHANGED)
    for mode, (_, expected) in CHANGED.items():
        with subtests.test(mode):
            assert syncs.rows(f"select id, name, amount from {dataset}.{mode} order by id, amount") == expected


def test_layout(syncs: Syncs, source: dict[str, object], put: Put, dataset: str) -> None:
    put("people.csv", FIRST)
    job = syncs.sync(syncs.connect(source, dataset, "full_refresh_overwrite", "id"))
    table = syncs.bigquery.get_table(f"{dataset}.people")
    assert [(field.name, field.field_type, field.mode) for field in table.schema][:4] == [
        ("_airbyte_raw_id", "STRING", "REQUIRED"),
        ("_airbyte_extracted_at", "TIMESTAMP", "REQUIRED"),
        ("_airbyte_meta", "JSON", "REQUIRED"),
        ("_airbyte_generation_id", "INTEGER", "NULLABLE"),
    ]
    assert {field.name: field.field_type for field in table.schema if field.name in {"id", "name", "amount"}} == {
        "id": "INTEGER",
        "name": "STRING",
        "amount": "INTEGER",
    }
    assert table.time_partitioning.field == "_airbyte_extracted_at"
    assert table.clustering_fields == ["id", "_airbyte_extracted_at"]
    metas = syncs.rows(f"select distinct to_json_string(_airbyte_meta) from {dataset}.people")
    assert [json.loads(meta) for (meta,) in metas] == [{"sync_id": job["jobId"], "changes": []}]


def test_generation_grows_with_every_overwrite(syncs: Syncs, source: dict[str, object], put: Put, dataset: str) -> None:
    put("people.csv", FIRST)
    connection = syncs.connect(source, dataset, "full_refresh_overwrite")
    generations = []
    for _ in range(2):
        syncs.sync(connection)
        generations += syncs.rows(f"select distinct _airbyte_generation_id from {dataset}.people")
    assert generations[1][0] == generations[0][0] + 1


def test_new_column_is_added_and_dropped_column_is_null(
    syncs: Syncs, source: dict[str, object], put: Put, dataset: str
) -> None:
    put("people.csv", FIRST)
    connection = syncs.connect(source, dataset, "incremental_deduped_history", "id")
    syncs.sync(connection)
    put("people.csv", "id,amount,city\n2,25,New York\n3,30,Rotterdam\n")
    syncs.sync(connection)
    assert syncs.rows(f"select id, name, amount, city from {dataset}.people order by id") == [
        (1, "Ada", 10, None),
        (2, None, 25, "New York"),
        (3, None, 30, "Rotterdam"),
    ]


@pytest.mark.parametrize("sync_mode", ["full_refresh_overwrite", "incremental_deduped_history"])
def test_type_change_widens_the_column_and_keeps_every_value(
    syncs: Syncs, source: dict[str, object], put: Put, dataset: str, sync_mode: str
) -> None:
    put("people.csv", FIRST)
    connection = syncs.connect(source, dataset, sync_mode, "id")
    syncs.sync(connection)
    put("people.csv", "id,name,amount\n2,Grace,25\n3,Edsger,a lot\n")
    syncs.sync(connection)
    query = f"select id, amount, to_json_string(_airbyte_meta) from {dataset}.people where id > 1 order by id"
    (_, number, no_changes), (_, text, changes) = syncs.rows(query)
    assert (number, text) == ("25", "a lot")
    assert (json.loads(no_changes)["changes"], json.loads(changes)["changes"]) == ([], [])
    types = {field.name: field.field_type for field in syncs.bigquery.get_table(f"{dataset}.people").schema}
    assert types["amount"] == "STRING"


def test_reset_removes_the_data_and_the_state(syncs: Syncs, source: dict[str, object], put: Put, dataset: str) -> None:
    put("people.csv", FIRST)
    connection = syncs.connect(source, dataset, "incremental_append")
    syncs.sync(connection)
    assert syncs.wait(syncs.start(connection, "reset"))["status"] == "succeeded"
    assert syncs.sync(connection)["rowsSynced"] == 2
    assert syncs.rows(f"select count(*) from {dataset}.people") == [(2,)]


def test_table_that_was_dropped_is_loaded_again(
    syncs: Syncs, source: dict[str, object], put: Put, dataset: str
) -> None:
    put("people.csv", FIRST)
    connection = syncs.connect(source, dataset, "incremental_deduped_history", "id")
    syncs.sync(connection)
    syncs.bigquery.delete_table(f"{dataset}.people")
    assert syncs.sync(connection)["rowsSynced"] == 2
    assert syncs.rows(f"select count(*) from {dataset}.people") == [(2,)]


FILES: dict[str, tuple[str, list[tuple[object, ...]]]] = {
    "quoted_comma": ('id,name\n1,"Lovelace, Ada"\n', [(1, "Lovelace, Ada")]),
    "quoted_newline": ('id,name\n1,"Ada\nLovelace"\n', [(1, "Ada\nLovelace")]),
    "escaped_quotes": ('id,name\n1,"say ""hi"""\n', [(1, 'say "hi"')]),
    "utf_8": ("id,name\n1,Zoë 東京 🚀\n", [(1, "Zoë 東京 🚀")]),
    "byte_order_mark": ("\ufeffid,name\n10,Ada\n", [(10, "Ada")]),
    "empty_cells": ("id,name\n1,Ada\n2,\n,Grace\n", [(None, "Grace"), (1, "Ada"), (2, None)]),
    "crlf": ("id,name\r\n1,Ada\r\n2,Grace\r\n", [(1, "Ada"), (2, "Grace")]),
}


def test_csv(syncs: Syncs, s3: Server, bucket: str, put: Put, dataset: str, subtests: pytest.Subtests) -> None:
    """Each file is a stream of one connection."""
    for name, (content, _) in FILES.items():
        put(f"{name}.csv", content)
    syncs.sync(
        syncs.connect(
            one_stream_for_each(FILES, s3, bucket), dataset, OVERWRITE, configurations=in_mode(FILES, OVERWRITE)
        )
    )
    for name, (_, expected) in FILES.items():
        with subtests.test(name):
            assert syncs.rows(f"select id, name from {dataset}.{name} order by id") == expected


def test_header_only_file_empties_the_table(syncs: Syncs, s3: Server, bucket: str, put: Put, dataset: str) -> None:
    types = json.dumps({"id": "integer", "name": "string", "amount": "integer"})
    source = s3_configuration(s3.url, bucket, "people", ["people*.csv"], input_schema=types)
    put("people.csv", FIRST)
    connection = syncs.connect(source, dataset, "full_refresh_overwrite", "id")
    syncs.sync(connection)
    put("people.csv", "id,name,amount\n")
    assert syncs.sync(connection)["rowsSynced"] == 0
    assert syncs.rows(f"select count(*) from {dataset}.people") == [(0,)]
