"""A new source: the connectors, the name, the check without saving, and the texts to copy."""

from pathlib import Path

import pytest
import yaml

import connections_file
from console.clients.calls import ServiceError
from console.forms.secrets import references
from console.forms.values import configuration, entered
from console.logic.airbyte import connection, new_source
from console.logic.airbyte.connection import Stream
from console.logic.airbyte.new_source import Connector

from .airbyte_answers import CATALOG, CONFIGURATION, WORKSPACE, Json, Server
from .specifications import STRIPE
from .test_connections import in_file

STRIPE_CONNECTOR = Connector("x1", "source-stripe", "Stripe", "5.0.0", "")
CHECK, DISCOVER = (f"POST {CONFIGURATION}/scheduler/sources/{call}" for call in ("check_connection", "discover_schema"))


def found_streams() -> list[Stream]:
    server = Server({DISCOVER: {"catalog": {"streams": CATALOG["streams"][:1]}}})
    return server.ask(lambda airbyte: new_source.discover(airbyte, STRIPE_CONNECTOR, {}, None))


def test_the_connectors_of_this_airbyte() -> None:
    definitions = [
        {
            "sourceDefinitionId": "b",
            "name": "Stripe",
            "dockerRepository": "airbyte/source-stripe",
            "dockerImageTag": "5",
        },
        {"sourceDefinitionId": "a", "name": "GitHub", "dockerRepository": "airbyte/source-github"},
    ]
    server = Server({f"POST {CONFIGURATION}/source_definitions/list": {"sourceDefinitions": definitions}})
    found = server.ask(new_source.connectors)
    assert [(one.name, one.version) for one in found] == [("source-github", ""), ("source-stripe", "5")]


def test_the_form_is_the_connectors_own() -> None:
    server = Server({f"POST {CONFIGURATION}/source_definition_specifications/get": {"connectionSpecification": STRIPE}})
    form = server.ask(lambda airbyte: new_source.form(airbyte, "x1", WORKSPACE))
    assert [one.key for one in form.fields][:2] == ["account_id", "client_secret"]
    assert server.requests[0][1] == {"sourceDefinitionId": "x1", "workspaceId": WORKSPACE}


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("refunds", ""),
        ("Refunds", "Lower case"),
        ("", "Lower case"),
        ("s3", "platform"),
        ("orders", "connections.yaml:5"),
    ],
)
def test_the_name_of_a_new_source(tmp_path: Path, name: str, fact: str) -> None:
    mistake = new_source.name_mistake(name, in_file(tmp_path))
    assert (fact in mistake) if fact else mistake == ""


def test_the_check_gets_the_value_of_a_secret_and_saves_nothing() -> None:
    server = Server({f"POST {CONFIGURATION}/source_definition_specifications/get": {"connectionSpecification": STRIPE}})
    form = server.ask(lambda airbyte: new_source.form(airbyte, "x1", None))
    values = entered(form) | {"account_id": "acct_1"}
    values["client_secret"].value = "sk_live"
    given, hidden = new_source.for_check(form, values, "pay", {})
    server = Server({CHECK: {"status": "failed", "message": "wrong key sk_live"}})
    said = server.ask(lambda airbyte: new_source.check(airbyte, STRIPE_CONNECTOR, given, WORKSPACE, hidden))
    assert "wrong key" in said
    assert "sk_live" not in said
    [(name, body)] = server.requests
    assert name == CHECK
    assert body["connectionConfiguration"]["client_secret"] == "sk_live"
    assert configuration(form, values, references("pay"))["client_secret"] == "${PAY_CLIENT_SECRET}"


def test_a_refused_discovery_does_not_show_a_secret() -> None:
    def refuse(_given: Json) -> Json:
        raise ServiceError("Airbyte", "422: token s3cret-value", "make logs")

    with pytest.raises(ServiceError, match="422") as failure:
        Server({DISCOVER: refuse}).ask(
            lambda airbyte: new_source.discover(airbyte, STRIPE_CONNECTOR, {}, None, ["s3cret-value"])
        )
    assert "s3cret-value" not in str(failure.value)


def test_an_airbyte_without_this_request_is_told() -> None:
    with pytest.raises(ServiceError, match="404"):
        Server({}).ask(lambda airbyte: new_source.check(airbyte, STRIPE_CONNECTOR, {}, None))


def test_the_texts_are_a_valid_file_and_a_dbt_source(tmp_path: Path) -> None:
    declared = in_file(tmp_path)
    given: Json = {"account_id": "acct_1", "client_secret": "${PAY_CLIENT_SECRET}"}
    made = new_source.texts("pay", STRIPE_CONNECTOR, given, found_streams(), "pay_", declared)
    assert made.variables == ["PAY_CLIENT_SECRET"]
    added = [line[1:] for line in made.diff if line.startswith("+") and not line.startswith("+++")]
    assert [line for line in added if line] == made.block.splitlines()
    path = tmp_path / "connections.yaml"
    path.write_text(path.read_text() + "\n" + made.block)  # as it is pasted
    loaded = connections_file.load(path).connections[-1]
    assert (loaded.name, loaded.prefix, loaded.streams[0].dbt_source) == ("pay", "pay_", "pay.pay_orders")
    assert loaded.streams[0].primary_key == [["id"]]
    folder = "dbt_project/models/staging/pay"
    assert list(made.files) == [f"{folder}/_pay__sources.yml", f"{folder}/_pay__models.yml", f"{folder}/stg_pay.sql"]
    source = yaml.safe_load(made.files[f"{folder}/_pay__sources.yml"])["sources"][0]
    assert [column["name"] for column in source["tables"][0]["columns"]] == ["id", "at"], (
        "what is not loaded is left out"
    )
    assert "source('pay', 'pay_orders')" in made.files[f"{folder}/stg_pay.sql"]


def test_a_file_that_cannot_take_the_block_as_text_still_gives_the_block(tmp_path: Path) -> None:
    declared = in_file(tmp_path, "connections: []\n")
    made = new_source.texts("pay", STRIPE_CONNECTOR, {}, found_streams(), "", declared)
    assert made.diff == []
    assert made.block.startswith("- name: pay\n")


def test_the_sync_modes_that_a_stream_can_have() -> None:
    [stream] = connection.streams_of({"streams": [{"stream": {"name": "a"}, "config": {}}]})
    assert new_source.modes(stream) == ["full_refresh_overwrite", "full_refresh_append"]
    [keyed] = found_streams()
    assert new_source.modes(keyed)[0] == "incremental_deduped_history"
    assert "incremental_append" in new_source.modes(keyed)
