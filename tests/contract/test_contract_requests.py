"""Every setting and every request of bootstrap for an object, against both generations and the official SDK."""

import os
from pathlib import Path

import pytest
import yaml
from airbyte_api import models
from pydantic import BaseModel

import airbyte_as_code.apply
from airbyte_as_code.airbyte_client import AirbyteClient
from airbyte_as_code.apply import apply
from airbyte_as_code.plan import make_plan
from airbyte_as_code.state import State
from bootstrap.settings import Settings
from connections_file import Connection, ConnectionsFile, Stream, load

from .airbyte_fake import Fake, Json

FILE = """
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Shop}
sources:
  - {name: shop, connector: source-s3, configuration: {bucket: shop}}
destinations:
  - {name: warehouse, connector: destination-bigquery, configuration: {project_id: p, dataset_id: d}}
connections:
  - name: everything
    source: shop
    destination: warehouse
    prefix: raw_
    group: shop
    owners: [team:shop]
    status: inactive
    schedule: 0 0 12 * * ?
    namespace_definition: custom_format
    namespace_format: shop_$${SOURCE_NAMESPACE}
    non_breaking_schema_updates_behavior: propagate_fully
    streams:
      - name: orders
        sync_mode: incremental_deduped_history
        primary_key: [[shop_id], [id]]
        cursor_field: [updated_at]
        selected_fields: [shop_id, id, updated_at]
        namespace: public
        dbt_source: shop.orders
        files: [shop/orders.csv]
        deletions: keep
        checks: {skip: [key_is_whole], uncast_values_allowed: 0.5}
"""
STREAM: Json = {
    "name": "orders",
    "syncMode": "incremental_deduped_history",
    "primaryKey": [["shop_id"], ["id"]],
    "cursorField": ["updated_at"],
    "selectedFields": [{"fieldPath": ["shop_id"]}, {"fieldPath": ["id"]}, {"fieldPath": ["updated_at"]}],
    "namespace": "public",
}
SETTINGS: Json = {
    "prefix": "raw_",
    "status": "inactive",
    "schedule": {"scheduleType": "cron", "cronExpression": "0 0 12 * * ?"},
    "namespaceDefinition": "custom_format",
    "namespaceFormat": "shop_${SOURCE_NAMESPACE}",
    "nonBreakingSchemaUpdatesBehavior": "propagate_fully",
}
# The settings after an edit by hand: each has another value.
BY_HAND: Json = {
    "prefix": "",
    "status": "active",
    "schedule": {"scheduleType": "manual"},
    "namespaceDefinition": "destination",
    "namespaceFormat": "another",
    "nonBreakingSchemaUpdatesBehavior": "ignore",
    "configurations": {"streams": [{"name": "orders", "syncMode": "full_refresh_append"}]},
}
# By name: the SDK imports a model when it is first used, which takes two seconds for a source.
MODELS = {
    "POST source": "SourceCreateRequest",
    "PUT source": "SourcePutRequest",
    "POST destination": "DestinationCreateRequest",
    "PUT destination": "DestinationPutRequest",
    "POST connection": "ConnectionCreateRequest",
    "PATCH connection": "ConnectionPatchRequest",
}


@pytest.fixture
def content(airbyte: Fake) -> Json:
    """The file, without the settings of a stream that this generation does not know."""
    found: Json = yaml.safe_load(FILE)
    [stream] = found["connections"][0]["streams"]
    if airbyte.generation == "0.63.19":
        del stream["selected_fields"], stream["namespace"]
    return found


@pytest.fixture
def wanted(airbyte: Fake) -> Json:
    """The settings of the connection as Airbyte calls them."""
    known = airbyte.shapes["answers"]["stream"]
    stream = {name: value for name, value in STREAM.items() if name in known}
    return SETTINGS | {"configurations": {"streams": [stream]}}


class Commands:
    """plan and apply of a file's content."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def file(self, content: Json) -> ConnectionsFile:
        path = self.directory / "connections.yaml"
        path.write_text(yaml.safe_dump(content))
        return load(path)

    def apply(self, content: Json) -> None:
        """Apply the file, and assert that no change is left."""
        file, directory = self.file(content), self.directory / "state"
        with AirbyteClient(Settings.read(os.environ)) as client:
            apply(client, file, State(directory), lambda *_: None)
            assert make_plan(client, file, State(directory), adopt=False).is_empty


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setattr(airbyte_as_code.apply, "PAUSES", ())
    return Commands(tmp_path)


def test_the_file_has_every_setting() -> None:
    [connection] = yaml.safe_load(FILE)["connections"]
    assert set(connection) == set(Connection.model_fields)
    assert set(connection["streams"][0]) == set(Stream.model_fields)


def test_every_setting_is_created_and_every_edit_undone(
    airbyte: Fake, commands: Commands, content: Json, wanted: Json
) -> None:
    commands.apply(content)
    [connection] = airbyte.objects["connection"].values()
    ids = {name: connection[name] for name in ("sourceId", "destinationId")}
    assert airbyte.sent("POST connection") == [{"name": "everything"} | ids | wanted]
    connection |= BY_HAND
    commands.apply(content)
    assert airbyte.sent("PATCH connection") == [wanted]


def test_the_sdk_understands_what_is_sent(airbyte: Fake, commands: Commands, content: Json) -> None:
    """Every field is one of the official SDK's models, with its type; configurations are the connectors' own."""
    commands.apply(content)
    [connection] = airbyte.objects["connection"].values()
    connection |= BY_HAND
    content["sources"][0]["configuration"]["bucket"] = "another"
    content["destinations"][0]["configuration"]["dataset_id"] = "another"
    commands.apply(content)
    for request, name in MODELS.items():
        [body] = airbyte.sent(request)
        model: type[BaseModel] = getattr(models, name)
        if request.endswith("connection"):
            assert model.model_validate(body).model_dump(by_alias=True, mode="json", exclude_unset=True) == body
        else:
            fields = {field.alias or name: field.is_required() for name, field in model.model_fields.items()}
            assert {field for field, required in fields.items() if required} <= set(body) <= set(fields)


def test_a_refresh_of_the_schema_discovers_anew_and_then_sends_the_declared_streams(
    airbyte: Fake, commands: Commands, content: Json, wanted: Json
) -> None:
    """Airbyte takes the newest discovered schema over when the streams of a connection are sent."""
    commands.apply(content)
    [connection] = airbyte.objects["connection"].values()
    airbyte.requests.clear()
    with AirbyteClient(Settings.read(os.environ)) as client:
        state = State(commands.directory / "state")
        apply(client, commands.file(content), state, lambda *_: None, refresh_schema=True)
    assert airbyte.requests == [
        ("POST discover_schema", {"sourceId": connection["sourceId"], "disable_cache": True}),
        ("PATCH connection", {"configurations": wanted["configurations"]}),
    ]
    connection["breakingChange"] = True
    with AirbyteClient(Settings.read(os.environ)) as client:
        plan = make_plan(client, commands.file(content), state, adopt=False)
    assert any("breaking" in change.note for change in plan.changes)
