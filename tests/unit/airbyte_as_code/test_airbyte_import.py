"""Writing the connections file of a workspace that somebody set up by hand."""

from copy import deepcopy
from typing import Any

import pytest

from airbyte_as_code.change import Action
from airbyte_as_code.errors import UserError
from airbyte_as_code.importing import Imported, read_workspace

WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"
CONNECTION: dict[str, Any] = {
    "name": "nightly (all)",
    "sourceId": "1",
    "destinationId": "2",
    "status": "inactive",
    "prefix": "raw_",
    "schedule": {"scheduleType": "cron", "cronExpression": "0 0 12 * * ? UTC"},
    "namespaceDefinition": "custom_format",
    "namespaceFormat": "lake_${SOURCE_NAMESPACE}",
    "nonBreakingSchemaUpdatesBehavior": "ignore",
    "configurations": {
        "streams": [
            {
                "name": "orders",
                "syncMode": "incremental_deduped_history",
                "primaryKey": [["id"]],
                "cursorField": ["updated_at"],
                "selectedFields": [{"fieldPath": ["id"]}, {"fieldPath": ["updated_at"]}],
            },
            {"name": "files", "syncMode": "incremental_append", "cursorField": ["modified"]},
        ]
    },
}


@pytest.fixture
def made_by_hand(server: Any) -> Any:
    server.workspaces[WORKSPACE] = "Theirs"
    configuration = {"bucket": "{{ ${NOT_OURS} }}", "secret": "s", "sourceType": "s3", "unset": None}
    server.add("source", "1", {"name": "shop-db", "sourceType": "s3", "configuration": configuration})
    server.add("destination", "2", {"name": "dwh", "destinationType": "bigquery", "configuration": {"project_id": "p"}})
    server.add("connection", "3", deepcopy(CONNECTION))
    return server


def read(session: Any) -> Imported:
    with session.client() as client:
        return read_workspace(client, "http://airbyte", None)


def test_the_file_says_all_that_differs_from_the_defaults(session: Any, made_by_hand: Any) -> None:
    imported = read(session)
    assert imported.notes == []
    assert imported.content == {
        "workspace": {"id": WORKSPACE, "name": "Theirs"},
        "sources": [
            {
                "name": "shop-db",
                "connector": "source-s3",
                "configuration": {"bucket": "{{ $${NOT_OURS} }}", "secret": "${SHOP_DB_SECRET}"},
            }
        ],
        "destinations": [
            {"name": "dwh", "connector": "destination-bigquery", "configuration": {"project_id": "p"}},
        ],
        "connections": [
            {
                "name": "nightly (all)",
                "source": "shop-db",
                "destination": "dwh",
                "prefix": "raw_",
                "status": "inactive",
                "schedule": "0 0 12 * * ?",
                "namespace_definition": "custom_format",
                "namespace_format": "lake_$${SOURCE_NAMESPACE}",
                "non_breaking_schema_updates_behavior": "ignore",
                "streams": [
                    {
                        "name": "orders",
                        "sync_mode": "incremental_deduped_history",
                        "primary_key": [["id"]],
                        "cursor_field": ["updated_at"],
                        "selected_fields": ["id", "updated_at"],
                        "dbt_source": "nightly__all_.orders",
                    },
                    {"name": "files", "sync_mode": "incremental_append", "dbt_source": "nightly__all_.files"},
                ],
            }
        ],
    }


def test_taken_over_nothing_but_the_secret_is_sent(session: Any, made_by_hand: Any) -> None:
    imported = read(session)
    session.write(imported.text())
    plan = session.plan(adopt=True, SHOP_DB_SECRET="s")
    assert [(change.action, change.adopted) for change in plan.changes] == [
        (Action.UPDATE, True),
        (Action.UNCHANGED, True),
        (Action.UNCHANGED, True),
    ]
    session.apply(adopt=True, SHOP_DB_SECRET="s")
    assert made_by_hand.writes == ["PUT source"]
    assert session.plan(SHOP_DB_SECRET="s").is_empty


def test_the_text_names_the_secrets_and_holds_none(session: Any, made_by_hand: Any) -> None:
    text = read(session).text()
    assert text.startswith("# yaml-language-server: $schema=connections.schema.json\n")
    assert "you can also export them:\n#   SHOP_DB_SECRET\n" in text
    assert "****" not in text


def test_what_the_file_cannot_say_is_told(session: Any, made_by_hand: Any) -> None:
    connection = made_by_hand.objects["3"]
    connection["schedule"] = {"scheduleType": "basic", "basicTiming": "Every 24 hours"}
    connection["configurations"]["streams"][1] |= {"mappers": [{"type": "hashing"}]}
    imported = read(session)
    schedule, mappers = imported.notes
    assert schedule.startswith("connection 'nightly (all)':")
    assert "schedule (Every 24 hours)" in schedule
    assert mappers.startswith("connection 'nightly (all)', stream 'files': the file cannot declare mappers")
    assert "schedule" not in imported.content["connections"][0]


def test_two_objects_of_one_name_have_to_be_renamed_first(session: Any, made_by_hand: Any) -> None:
    made_by_hand.add("source", "4", made_by_hand.objects["1"])
    with pytest.raises(UserError, match=r"sources .* 'shop-db'(.|\n)*Rename them in Airbyte"):
        read(session)


def test_one_of_several_workspaces_has_to_be_named(session: Any, made_by_hand: Any) -> None:
    made_by_hand.workspaces["another"] = "Another"
    with pytest.raises(UserError, match=rf"--workspace ID(.*)\n  {WORKSPACE}  Theirs\n  another"):
        read(session)


@pytest.mark.parametrize(("name", "variable"), [("3rd party", "_3RD_PARTY_SECRET"), ("über", "_BER_SECRET")])
def test_the_variable_of_a_secret_is_one_that_a_reference_can_name(
    session: Any, made_by_hand: Any, name: str, variable: str
) -> None:
    made_by_hand.objects["1"]["name"] = name
    imported = read(session)
    assert imported.variables == [variable]
    session.write(imported.text())
    session.apply(adopt=True, **{variable: "known"})
    assert made_by_hand.named("source", name)["configuration"]["secret"] == "known"


def test_names_are_not_read_as_references(session: Any, made_by_hand: Any) -> None:
    cost = "cost ${EUR}"
    made_by_hand.workspaces[WORKSPACE] = cost
    for item in made_by_hand.objects.values():
        item["name"] = cost
    connection = made_by_hand.objects["3"]
    connection["prefix"] = "${3}"
    orders = connection["configurations"]["streams"][0]
    orders |= {"name": cost, "namespace": cost, "primaryKey": [[cost]], "cursorField": [cost]}
    orders["selectedFields"] = [{"fieldPath": [cost]}]
    imported = read(session)
    session.write(imported.text())
    [variable] = imported.variables
    assert session.apply(adopt=True, **{variable: "s"})[0] == f"workspace {cost} unchanged"
    assert made_by_hand.writes == ["PUT source"]  # the secret; nothing else differs


def test_a_nested_field_that_was_selected_is_told(session: Any, made_by_hand: Any) -> None:
    fields = [{"fieldPath": ["address", "city"]}, {"fieldPath": ["address", "zip"]}, {"fieldPath": ["id"]}]
    made_by_hand.objects["3"]["configurations"]["streams"][0]["selectedFields"] = fields
    imported = read(session)
    assert imported.content["connections"][0]["streams"][0]["selected_fields"] == ["address", "id"]
    assert [note.partition(": ")[2] for note in imported.notes] == [
        f"the file cannot select the field address.{name} alone; apply would select the whole column address."
        for name in ("city", "zip")
    ]
