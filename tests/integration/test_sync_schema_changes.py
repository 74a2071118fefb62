"""Files whose columns change from one sync to the next, read by Airbyte's S3 connector."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from .running import Server
from .syncs import CSV, Syncs, s3_configuration

Put = Callable[[str, str | bytes], None]
DEDUPED, OVERWRITE = "incremental_deduped_history", "full_refresh_overwrite"

# For each stream: the sync mode, the file of the first day and the file of the second day.
DAYS = {
    "amounts": (OVERWRITE, "id,amount\n1,5\n2,6\n", "id,amount\n1,5.25\n2,6\n3,7.5\n"),
    "history": ("incremental_append", "id,amount\n1,5\n", "id,amount\n2,7.5\n"),
    "flags": (DEDUPED, "id,flag\n1,1\n2,0\n", "id,flag\n3,2\n"),
    "codes": (DEDUPED, "id,code\n1,7\n2,8\n", "id,code\n3,A-9\n"),
    "ranks": (DEDUPED, "id,rank\n1,first\n", "id,rank\n2,2\n"),
    "people": (DEDUPED, "id,name\n1,Ada\n2,Grace\n", "ID,NAME\n2,Grace H\n3,Edsger\n"),
    "twins": (OVERWRITE, "nr,x,X\n1,small,2\n", "nr,X,x\n1,2,small\n"),
}


@pytest.fixture
def connect(syncs: Syncs, s3: Server, bucket: str, dataset: str) -> Callable[..., str]:
    """A function that creates a connection of CSV streams, from their sync modes."""

    def make(modes: dict[str, str], **connection: Any) -> str:
        source = s3_configuration(s3.url, bucket, "", [])
        # `flags`: with the connector's own words for true and false, 0 and 1 are guessed to be a boolean.
        words = {"flags": {"true_values": ["1"], "false_values": ["0"]}}
        source["streams"] = [
            {"name": name, "globs": [f"{name}*.csv"], "validation_policy": "Emit Record"}
            | {"format": CSV | words.get(name, {})}
            for name in modes
        ]
        streams = [
            {"name": name, "syncMode": mode} | ({"primaryKey": [["id"]]} if mode == DEDUPED else {})
            for name, mode in modes.items()
        ]
        return syncs.connect(source, dataset, OVERWRITE, configurations={"streams": streams}, **connection)

    return make


def test_the_second_days_files_lose_no_value(syncs: Syncs, connect: Callable[..., str], put: Put, dataset: str) -> None:
    for name, (_, first, _) in DAYS.items():
        put(f"{name}.csv", first)
    connection = connect({name: mode for name, (mode, _, _) in DAYS.items()})
    syncs.sync(connection)
    for name, (_, _, second) in DAYS.items():
        put(f"{name}.csv", second)
    log = syncs.log(syncs.sync(connection)["jobId"])

    def rows(columns: str, table: str) -> list[tuple[Any, ...]]:
        return syncs.rows(f"select {columns} from {dataset}.{table} order by 1")

    assert rows("id, amount", "amounts") == [(1, Decimal("5.25")), (2, Decimal(6)), (3, Decimal("7.5"))]
    assert rows("id, amount", "history") == [(1, Decimal(5)), (2, Decimal("7.5"))]
    assert rows("id, flag", "flags") == [(1, 1), (2, 0), (3, 2)]
    assert rows("id, code", "codes") == [(1, "7"), (2, "8"), (3, "A-9")]
    assert rows("id, rank", "ranks") == [(1, "first"), (2, "2")]
    assert rows("id, name", "people") == [(1, "Ada"), (2, "Grace H"), (3, "Edsger")]
    assert rows("nr, x, X_1", "twins") == [(1, "small", 2)]
    assert "amount (integer → number)" in log
    assert "rank (string → integer)" in log
    for table, columns in (("people", {"id", "name"}), ("twins", {"nr", "x", "X_1"})):
        schema = syncs.bigquery.get_table(f"local-dev.{dataset}.{table}").schema
        assert {field.name for field in schema if not field.name.startswith("_a")} == columns
    # The connection still has the key as its client wrote it: the next plan finds no difference.
    streams = syncs.call("GET", f"connections/{connection}")["configurations"]["streams"]
    assert {tuple(map(tuple, stream["primaryKey"])) for stream in streams} == {(), (("id",),)}


def test_an_integer_that_becomes_a_boolean_is_noted_until_the_schema_is_refreshed(
    syncs: Syncs, s3: Server, bucket: str, put: Put, dataset: str
) -> None:
    """A column of integers does not take `true`. The check values_were_cast fails and names the command."""
    source = s3_configuration(s3.url, bucket, "", [])
    source["streams"] = [{"name": "switches", "globs": ["switches.jsonl"], "format": {"filetype": "jsonl"}}]
    connection = syncs.connect(source, dataset, OVERWRITE, configurations={"streams": [{"name": "switches"}]})
    for content in ('{"id": 1, "on": 1}\n', '{"id": 1, "on": true}\n'):
        put("switches.jsonl", content)
        log = syncs.log(syncs.sync(connection)["jobId"])
    assert "on (integer → boolean)" in log
    rows = f"select `on`, json_value(_airbyte_meta, '$.changes[0].field') from {dataset}.switches"
    assert syncs.rows(rows) == [(None, "on")]
    streams = syncs.call("GET", f"connections/{connection}")["configurations"]["streams"]
    syncs.call("PATCH", f"connections/{connection}", {"configurations": {"streams": streams}})  # as --refresh-schema
    syncs.sync(connection)
    assert syncs.rows(rows) == [(True, None)]


def test_a_lost_key_pauses_the_connection_until_it_is_repaired(
    syncs: Syncs, connect: Callable[..., str], put: Put, dataset: str
) -> None:
    first, renamed = "id,name\n1,Ada\n2,Grace\n", "customer_id,name\n1,Ada L\n2,Grace H\n3,Edsger\n"
    put("people.csv", first)
    connection = connect({"people": DEDUPED}, nonBreakingSchemaUpdatesBehavior="ignore")
    syncs.sync(connection)

    def read() -> dict[str, Any]:
        answer = syncs.http.post("/api/v1/connections/get", json={"connectionId": connection}).json()
        return {name: answer[name] for name in ("status", "breakingChange", "schemaChange")}

    assert read() == {"status": "active", "breakingChange": False, "schemaChange": "no_change"}
    put("people.csv", renamed)
    job = syncs.sync(connection, expect="failed")
    for fact in ("column id", "customer_id", "people", "make apply", "primary_key"):
        assert fact in syncs.log(job["jobId"])
    assert read() == {"status": "inactive", "breakingChange": True, "schemaChange": "breaking"}
    assert syncs.rows(f"select name from {dataset}.people order by 1") == [("Ada",), ("Grace",)]
    refused = syncs.http.post("/api/public/v1/jobs", json={"connectionId": connection, "jobType": "sync"})
    assert refused.status_code == 409
    assert "column id" in refused.text
    # The column comes back.
    put("people.csv", "id,name\n1,Ada L\n3,Edsger\n")
    syncs.call("PATCH", f"connections/{connection}", {"status": "active"})
    assert read() == {"status": "active", "breakingChange": False, "schemaChange": "no_change"}
    syncs.sync(connection)
    assert syncs.rows(f"select name from {dataset}.people order by id") == [("Ada L",), ("Grace",), ("Edsger",)]
    # Or the key becomes the new column.
    put("people.csv", renamed)
    syncs.sync(connection, expect="failed")
    streams = [{"name": "people", "syncMode": DEDUPED, "primaryKey": [["customer_id"]]}]
    syncs.call("PATCH", f"connections/{connection}", {"status": "active", "configurations": {"streams": streams}})
    log = syncs.log(syncs.sync(connection, expect="failed")["jobId"])
    [drop] = re.findall(r"make sql q='(drop table .*?)'", log)
    syncs.rows(drop)
    syncs.sync(connection)
    assert syncs.rows(f"select name from {dataset}.people order by customer_id") == [
        ("Ada L",),
        ("Grace H",),
        ("Edsger",),
    ]


def test_a_key_that_is_lost_beside_declared_columns_pauses_the_connection(
    syncs: Syncs, s3: Server, bucket: str, put: Put, dataset: str
) -> None:
    """The schema does not show the loss, because it has the declared columns."""
    source = s3_configuration(s3.url, bucket, "", [])
    declared = '{"id": "integer", "name": "string"}'
    source["streams"] = [{"name": "declared", "globs": ["declared*.csv"], "format": CSV, "input_schema": declared}]
    streams = [{"name": "declared", "syncMode": DEDUPED, "primaryKey": [["id"]]}]
    connection = syncs.connect(source, dataset, OVERWRITE, configurations={"streams": streams})

    def read() -> tuple[Any, ...]:
        answer = syncs.http.post("/api/v1/connections/get", json={"connectionId": connection}).json()
        return answer["status"], answer["breakingChange"], syncs.rows(f"select name from {dataset}.declared order by 1")

    def lose_the_key() -> None:
        put("declared.csv", "customer_id,name\n1,Ada L\n3,Edsger\n")
        log = syncs.log(syncs.sync(connection, expect="failed")["jobId"])
        for fact in ("declared", "id, of its primary key", "make apply"):
            assert fact in log

    lose_the_key()  # before there is a table
    assert (
        syncs.http.post("/api/public/v1/jobs", json={"connectionId": connection, "jobType": "sync"}).status_code == 409
    )
    put("declared.csv", "id,name\n1,Ada\n2,Grace\n")
    syncs.call("PATCH", f"connections/{connection}", {"status": "active"})
    syncs.sync(connection)
    assert read() == ("active", False, [("Ada",), ("Grace",)])
    lose_the_key()
    assert read() == ("inactive", True, [("Ada",), ("Grace",)])
    # The corrected file is read, because the refused one left no state.
    put("declared.csv", "id,name\n1,Ada L\n3,Edsger\n")
    syncs.call("PATCH", f"connections/{connection}", {"status": "active"})
    syncs.sync(connection)
    assert read() == ("active", False, [("Ada L",), ("Edsger",), ("Grace",)])


def test_a_connection_that_ignores_changes_tells_them_until_its_schema_is_refreshed(
    syncs: Syncs, connect: Callable[..., str], put: Put, dataset: str
) -> None:
    put("history.csv", "id,amount\n1,5\n")
    connection = connect({"history": "incremental_append"}, nonBreakingSchemaUpdatesBehavior="ignore")
    syncs.sync(connection)
    put("history.csv", "id,amount\n2,5.25\n")
    log = syncs.log(syncs.sync(connection)["jobId"])
    assert "amount (integer → number)" in log
    assert "--refresh-schema" in log
    answer = syncs.http.post("/api/v1/connections/get", json={"connectionId": connection}).json()
    assert answer["schemaChange"] == "non_breaking"
    assert "amount" in answer["statusReason"]
    changes = "json_value(_airbyte_meta, '$.changes[0].field')"
    assert syncs.rows(f"select id, amount, {changes} from {dataset}.history order by id")[1] == (2, None, "amount")
    streams = syncs.call("GET", f"connections/{connection}")["configurations"]["streams"]
    syncs.call("PATCH", f"connections/{connection}", {"configurations": {"streams": streams}})
    put("history.csv", "id,amount\n3,7.5\n")
    syncs.sync(connection)
    assert syncs.rows(f"select id, amount from {dataset}.history order by id")[2] == (3, Decimal("7.5"))
    answer = syncs.http.post("/api/v1/connections/get", json={"connectionId": connection}).json()
    assert (answer["schemaChange"], answer.get("statusReason")) == ("no_change", None)
