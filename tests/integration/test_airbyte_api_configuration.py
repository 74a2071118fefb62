"""Sources and connections through the real connector: validation, discovery, masking, logs, checks, resets."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.forms.mistakes import mistakes
from console.forms.reading import read_specification
from console.forms.values import configuration, entered

from .running import RunningPlatform, Server
from .syncs import BIGQUERY_DEFINITION, S3_DEFINITION, Syncs, s3_configuration

Put = Callable[[str, str | bytes], None]
SECRET = "v3ry-s3cret-access-key"
MASK = "**********"


@pytest.fixture
def source(syncs: Syncs, s3: Server, bucket: str, put: Put) -> dict[str, Any]:
    """A source of one file with two rows, whose secret can be told from other text."""
    put("people.csv", "id,name\n1,Ada\n2,Grace\n")
    configuration = s3_configuration(s3.url, bucket, "people", ["people*.csv"])
    configuration["credentials"]["aws_secret_access_key"] = SECRET
    body = {"name": "people", "workspaceId": syncs.workspace(), "configuration": {"sourceType": "s3", **configuration}}
    return syncs.call("POST", "sources", body)


@pytest.fixture
def destination(syncs: Syncs, source: dict[str, Any], dataset: str) -> dict[str, Any]:
    """A destination for it."""
    configuration = {"project_id": "local-dev", "dataset_id": dataset, "dataset_location": "US"}
    body = {"name": "w", "workspaceId": source["workspaceId"], "definitionId": BIGQUERY_DEFINITION}
    return syncs.call("POST", "destinations", body | {"configuration": configuration})


def refuse(syncs: Syncs, method: str, path: str, body: dict[str, Any]) -> str:
    """Send a request that must be refused with 422; return the reason."""
    answer = syncs.http.request(method, f"/api/public/v1/{path}", json=body)
    assert answer.status_code == 422, answer.text
    message: str = answer.json()["message"]
    return message


def test_source_is_checked_against_its_own_specification(syncs: Syncs, source: dict[str, Any]) -> None:
    workspace = {"name": "x", "workspaceId": source["workspaceId"], "definitionId": S3_DEFINITION}
    reason = refuse(syncs, "POST", "sources", workspace | {"configuration": {"streams": []}})
    assert "configuration.bucket is required" in reason
    broken = s3_configuration("http://x", "b", "s", ["*"])
    broken["streams"][0]["format"] = {"filetype": "cvs"}
    reason = refuse(syncs, "POST", "sources", workspace | {"configuration": broken})
    assert "configuration.streams.0.format.filetype must be one of" in reason
    broken["streams"][0] |= {"format": {"filetype": "csv", "encoding": "utf-99", "quote_char": ""}}
    broken["streams"][0]["input_schema"] = '{"id": "int"}'
    reason = refuse(syncs, "POST", "sources", workspace | {"configuration": broken})
    assert "configuration.streams.0.format.encoding is not a known encoding" in reason
    assert "configuration.streams.0.format.quote_char must be one character" in reason
    assert "configuration.streams.0.input_schema has the unknown type 'int'" in reason
    reason = refuse(syncs, "PATCH", f"sources/{source['sourceId']}", {"configuration": {"bucket": 7}})
    assert "configuration.bucket must be of type string" in reason


def test_creating_a_source_does_not_run_it(syncs: Syncs, source: dict[str, Any]) -> None:
    configuration = s3_configuration("http://127.0.0.1:9", "no-bucket", "s", ["*"])
    body = {"name": "x", "workspaceId": source["workspaceId"], "definitionId": S3_DEFINITION}
    assert syncs.call("POST", "sources", body | {"configuration": configuration})["sourceType"] == "s3"


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_secrets_are_masked_and_kept(
    syncs: Syncs, source: dict[str, Any], platform: RunningPlatform, method: str
) -> None:
    path = f"sources/{source['sourceId']}"
    shown = syncs.call("GET", path)
    assert shown["configuration"]["credentials"]["aws_secret_access_key"] == MASK
    body = {"name": "renamed", "configuration": shown["configuration"] | {"bucket": "another"}}
    changed = syncs.call(method, path, body)
    assert (changed["name"], changed["configuration"]["bucket"]) == ("renamed", "another")
    listed = syncs.http.get("/api/public/v1/sources", params={"workspaceIds": source["workspaceId"]})
    assert [row["name"] for row in listed.json()["data"]] == ["renamed"]
    assert SECRET not in str(shown) + str(changed) + listed.text
    # LocalStack accepts any secret, so a sync would not show which secret is stored.
    stored = stored_configuration(platform, source["sourceId"])
    assert (stored["bucket"], stored["credentials"]["aws_secret_access_key"]) == ("another", SECRET)


def stored_configuration(platform: RunningPlatform, identity: str) -> dict[str, Any]:
    """Return a source's configuration as it is in airbyte-lite's database."""
    path = Path(platform.environment["AIRBYTE_LITE_DATA_DIR"], "airbyte.sqlite")
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        [(document,)] = database.execute("select document from objects where id = ?", (identity,))
    configuration: dict[str, Any] = json.loads(document)["configuration"]
    return configuration


def test_checks_say_why_they_fail(syncs: Syncs, source: dict[str, Any], destination: dict[str, Any]) -> None:
    check = syncs.http.post(
        "/api/v1/destinations/check_connection", json={"destinationId": destination["destinationId"]}
    )
    assert check.json()["status"] == "succeeded"
    syncs.call("PATCH", f"sources/{source['sourceId']}", {"configuration": {"bucket": "no-such-bucket"}})
    check = syncs.http.post("/api/v1/sources/check_connection", json={"sourceId": source["sourceId"]})
    assert check.json()["status"] == "failed"
    assert "The bucket no-such-bucket does not exist." in check.json()["message"]
    body = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
    assert "no-such-bucket" in refuse(syncs, "POST", "connections", body)


def test_discovery(syncs: Syncs, source: dict[str, Any]) -> None:
    found = syncs.http.post("/api/v1/sources/discover_schema", json={"sourceId": source["sourceId"]}).json()
    [stream] = found["catalog"]["streams"]
    assert stream["stream"]["jsonSchema"]["properties"]["id"]["type"] == ["null", "integer"]
    assert stream["stream"]["supportedSyncModes"] == ["full_refresh", "incremental"]
    body = {"sourceDefinitionId": S3_DEFINITION, "workspaceId": source["workspaceId"]}
    specification = syncs.http.post("/api/v1/source_definition_specifications/get", json=body).json()
    assert "bucket" in specification["connectionSpecification"]["properties"]


def test_a_configuration_that_is_not_saved_is_checked_and_discovered(
    syncs: Syncs, source: dict[str, Any], s3: Server, bucket: str
) -> None:
    configuration = s3_configuration(s3.url, bucket, "people", ["people*.csv"])
    configuration["credentials"]["aws_secret_access_key"] = SECRET
    body = {"sourceDefinitionId": S3_DEFINITION, "workspaceId": source["workspaceId"]}

    def ask(call: str, **changes: Any) -> httpx.Response:
        given = body | {"connectionConfiguration": configuration | changes}
        return syncs.http.post(f"/api/v1/scheduler/sources/{call}", json=given)

    before = syncs.call("GET", "sources")
    assert ask("check_connection").json()["status"] == "succeeded"
    assert "no-such-bucket" in ask("check_connection", bucket="no-such-bucket").json()["message"]
    [stream] = ask("discover_schema").json()["catalog"]["streams"]
    assert stream["stream"]["name"] == "people"
    failed = ask("discover_schema", bucket="no-such-bucket").json()
    assert "catalog" not in failed
    assert SECRET not in str(failed)
    refused = ask("check_connection", bucket=7)
    assert (refused.status_code, "configuration.bucket" in refused.text) == (422, True)
    assert syncs.call("GET", "sources") == before, "nothing was saved"


def contains(whole: Any, part: Any) -> bool:
    """Return whether a configuration has every value of another one."""
    if isinstance(part, dict):
        return all(contains(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(contains, whole, part))
    return bool(whole == part)


def test_every_connector_has_a_form(syncs: Syncs, s3: Server, bucket: str) -> None:
    definitions = syncs.http.post("/api/v1/source_definitions/list", json={}).json()["sourceDefinitions"]
    assert len(definitions) > 1
    given = s3_configuration(s3.url, bucket, "people", ["people*.csv"])
    for definition in definitions:
        body = {"sourceDefinitionId": definition["sourceDefinitionId"]}
        specification = syncs.http.post("/api/v1/source_definition_specifications/get", json=body).json()
        form = read_specification(specification["connectionSpecification"])
        required = {(name,) for name in specification["connectionSpecification"].get("required", [])}
        assert {path[:1] for path in mistakes(form, entered(form))} <= required, definition["name"]
        if definition["sourceDefinitionId"] == S3_DEFINITION:
            values = entered(form, given)
            assert mistakes(form, values).keys() <= {("credentials", key) for key in given["credentials"]}
            made = configuration(form, values, lambda _field, secret, _path: secret.reference)
            assert contains(made, given), "the form adds the defaults of other fields, and changes none"


@pytest.mark.parametrize(
    ("stream", "sentence"),
    [
        ({"name": "peoples"}, "has no stream peoples. It has: people."),
        ({"name": "people", "syncMode": "full_refresh_update"}, "Valid sync modes: full_refresh_overwrite"),
        ({"name": "people", "syncMode": "incremental_deduped_history"}, "needs a primaryKey"),
        ({"name": "people", "syncMode": "incremental_deduped_history", "primaryKey": [["nr"]]}, "no column nr"),
        ({"name": "people", "syncMode": "incremental_append", "cursorField": ["id"]}, "cursorField"),
        ({"name": "people", "selectedFields": [{"fieldPath": ["nam"]}]}, "no column nam to select"),
    ],
)
def test_streams_are_checked(
    syncs: Syncs, source: dict[str, Any], destination: dict[str, Any], stream: dict[str, Any], sentence: str
) -> None:
    body = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
    assert sentence in refuse(syncs, "POST", "connections", body | {"configurations": {"streams": [stream]}})


def test_log_of_a_sync_can_be_read_and_holds_no_secret(
    syncs: Syncs, source: dict[str, Any], destination: dict[str, Any]
) -> None:
    # Connectors log the names of their streams, so a stream with the secret as its name is surely in the log.
    [stream] = source["configuration"]["streams"]
    streams = [stream | {"name": f"people {SECRET}"}]
    syncs.call("PATCH", f"sources/{source['sourceId']}", {"configuration": {"streams": streams}})
    body = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
    connection = syncs.call("POST", "connections", body)
    assert connection["configurations"]["streams"][0]["syncMode"] == "full_refresh_overwrite"
    job = syncs.sync(connection["connectionId"])
    log = syncs.log(job["jobId"])
    assert f"Syncing people {MASK} from people (source-s3 4.16.1) to w." in log
    assert f"Stream people {MASK}: complete" in log
    assert "The job succeeded: 2 records" in log
    assert SECRET not in log
    reset = syncs.wait(syncs.start(connection["connectionId"], "reset"))
    assert (reset["jobType"], reset["status"]) == ("reset", "succeeded")


def test_failure_can_be_read(syncs: Syncs, source: dict[str, Any], destination: dict[str, Any]) -> None:
    body = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
    connection = syncs.call("POST", "connections", body)["connectionId"]
    syncs.call("PATCH", f"sources/{source['sourceId']}", {"configuration": {"bucket": "no-such-bucket"}})
    job = syncs.sync(connection, expect="failed")
    answer = syncs.http.post("/api/v1/jobs/get", json={"id": job["jobId"]}).json()
    [failure] = answer["attempts"][0]["attempt"]["failureSummary"]["failures"]
    assert "no-such-bucket" in failure["externalMessage"], (failure, syncs.log(job["jobId"]))
    assert SECRET not in str(answer)


def test_selected_fields_are_the_columns(
    syncs: Syncs, source: dict[str, Any], destination: dict[str, Any], dataset: str
) -> None:
    body = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
    streams = [{"name": "people", "selectedFields": [{"fieldPath": ["name"]}]}]
    connection = syncs.call("POST", "connections", body | {"configurations": {"streams": streams}})
    syncs.sync(connection["connectionId"])
    columns = [field.name for field in syncs.bigquery.get_table(f"local-dev.{dataset}.people").schema]
    assert [name for name in columns if not name.startswith("_airbyte")] == ["name"]


def test_schema_change_disables_a_connection_that_wants_it(
    syncs: Syncs, source: dict[str, Any], destination: dict[str, Any], put: Put
) -> None:
    body = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
    connection = syncs.call("POST", "connections", body | {"nonBreakingSchemaUpdatesBehavior": "disable_connection"})
    syncs.sync(connection["connectionId"])
    put("people.csv", "id,name,age\n1,Ada,36\n")
    job = syncs.sync(connection["connectionId"], expect="failed")
    assert "new columns: age" in syncs.log(job["jobId"])
    assert syncs.call("GET", f"connections/{connection['connectionId']}")["status"] == "inactive"
    answer = syncs.http.post("/api/v1/connections/sync", json={"connectionId": connection["connectionId"]})
    assert answer.status_code == 409


@pytest.mark.parametrize("updates", ["ignore", "disable_connection", "propagate_columns"])
def test_connection_that_was_made_before_its_first_file(
    syncs: Syncs, source: dict[str, Any], destination: dict[str, Any], put: Put, dataset: str, updates: str
) -> None:
    configuration = source["configuration"]
    [stream] = configuration["streams"]
    stream["globs"] = ["later*.csv"]
    syncs.call("PATCH", f"sources/{source['sourceId']}", {"configuration": {"streams": [stream]}})
    streams = [{"name": "people", "syncMode": "incremental_deduped_history", "primaryKey": [["id"]]}]
    body = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
    body |= {"configurations": {"streams": streams}, "nonBreakingSchemaUpdatesBehavior": updates}
    connection = syncs.call("POST", "connections", body)["connectionId"]
    log = syncs.log(syncs.sync(connection, expect="failed")["jobId"])
    assert "The columns of people are not known yet" in log
    assert "No files were identified in the stream" in log
    assert list(syncs.bigquery.list_tables(dataset)) == []
    put("later.csv", "id,name\n1,Ada\n2,Grace\n")
    assert syncs.sync(connection)["rowsSynced"] == 2
    columns = [field.name for field in syncs.bigquery.get_table(f"local-dev.{dataset}.people").schema]
    assert [name for name in columns if not name.startswith("_a")] == ["id", "name"]
