"""The plan reports changes in the file, edits by hand, renames and removals, and leaves objects of others alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from airbyte_as_code.change import Action
from airbyte_as_code.errors import UserError
from airbyte_as_code.plan import Plan
from airbyte_as_code.render import as_json, plan_lines

from .conftest import EMPTY

UNCHANGED = ["workspace Test unchanged", "source s unchanged", "destination d unchanged", "connection c unchanged"]


def text_of(plan: Plan) -> str:
    return "\n".join(plan_lines(plan))


def fields_of(plan: Plan) -> dict[str, list[str]]:
    """The fields that differ, by `kind name`."""
    return {
        f"{change.kind} {change.name}": [item.path for item in change.fields]
        for change in plan.changes
        if change.fields
    }


def test_a_changed_setting_is_shown_and_updated(session: Any, server: Any) -> None:
    session.apply()
    plan = session.plan(BUCKET="new")
    [change] = [change for change in as_json(plan)["changes"] if change["action"] != Action.UNCHANGED]
    assert change == {
        "kind": "source",
        "name": "s",
        "action": "update",
        "fields": [{"path": "bucket", "old": "b", "new": "new"}],
        "lost_sync_states": [],
        "overwritten_streams": [],
        "moved_streams": [],
        "earlier_rows": None,
        "shared_tables": None,
        "schema_change": None,
        "adopted": False,
        "needs_consent": False,
        "waits": None,
    }
    assert '      bucket: "b" → "new"' in text_of(plan).splitlines()
    assert session.apply(BUCKET="new")[1] == "source s updated (bucket)"
    assert server.writes == ["PUT source"]
    assert session.plan(BUCKET="new").is_empty


def test_a_changed_secret_is_sent_and_never_shown(session: Any, server: Any) -> None:
    session.apply()
    plan = session.plan(SECRET="two")
    text = text_of(plan) + json.dumps(as_json(plan))
    assert "secret: changed (secret)" in text
    assert "one" not in text
    assert "two" not in text
    assert session.apply(SECRET="two")[1] == "source s updated (secret)"
    assert server.named("source", "s")["configuration"]["secret"] == "two"
    assert session.plan(SECRET="two").is_empty


def test_only_the_changed_fields_of_a_connection_are_patched(session: Any, server: Any) -> None:
    session.apply(MODE="full_refresh_overwrite")
    server.named("connection", "c")["status"] = "inactive"
    sent: list[dict[str, Any]] = []
    server.before = lambda request: sent.append(json.loads(request.read())) if request.method == "PATCH" else None
    lines = session.apply(MODE="full_refresh_append")
    assert lines[-1].partition("; ")[0] == "connection c updated (status, streams.t.syncMode)"
    assert sent == [
        {"status": "active", "configurations": {"streams": [{"name": "t", "syncMode": "full_refresh_append"}]}}
    ]


def test_a_deleted_source_takes_its_connection_along(session: Any, server: Any) -> None:
    session.apply(MODE="incremental_append")
    del server.objects[server.named("source", "s")["sourceId"]]
    plan = session.plan(MODE="incremental_append")
    assert [change.action for change in plan.changes] == [Action.CREATE, Action.UNCHANGED, Action.REPLACE]
    assert "the sync state of t is lost" in text_of(plan)
    session.apply(prune=True, MODE="incremental_append")
    assert server.writes == ["DELETE connection", "POST source", "POST connection"]
    assert session.plan(MODE="incremental_append").is_empty


def test_a_renamed_object_is_recognised(session: Any, server: Any) -> None:
    session.apply()
    server.named("connection", "c")["name"] = "by hand"
    assert session.apply()[-1] == "connection c updated (name)"
    assert server.writes == ["PATCH connection"]


def test_what_others_made_is_neither_taken_nor_deleted(session: Any, server: Any) -> None:
    server.workspaces["5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"] = "Test"
    foreign = {"name": "s", "definitionId": "source-s3", "configuration": {"bucket": "theirs"}}
    server.add("source", "x", foreign)
    server.add("connection", "y", {"name": "other", "sourceId": "x", "destinationId": "z"})
    with pytest.raises(
        UserError, match=r"source 's' exists in Airbyte \(x\), but apply did not .*state.json.*\n.*make apply o=--adopt"
    ):
        session.apply()
    assert server.writes == []
    server.objects["x"]["name"] = "s of theirs"
    session.apply()
    session.destroy()
    assert {key: item["name"] for key, item in server.objects.items()} == {"x": "s of theirs", "y": "other"}
    assert server.writes[-3:] == ["DELETE connection", "DELETE destination", "DELETE source"]


def test_adopting_takes_over_what_has_the_name(session: Any, server: Any, tmp_path: Path) -> None:
    session.apply()
    (tmp_path / "state/state.json").unlink()
    with pytest.raises(UserError, match="--adopt"):
        session.plan()
    assert session.apply(adopt=True) == [
        UNCHANGED[0],
        "source s updated (secret)",
        "destination d taken over",
        "connection c taken over",
    ]
    assert session.apply() == UNCHANGED


def test_a_connector_that_the_server_lacks(session: Any, tmp_path: Path) -> None:
    text = (tmp_path / "connections.yaml").read_text()
    session.write(text.replace("source-s3", "source-postgres"))
    with pytest.raises(
        UserError, match=r"yaml:3: source 's': Airbyte has no connector 'source-postgres'.* source-s3\."
    ):
        session.plan()


def test_a_plan_for_an_empty_server_creates_everything_and_nothing_yet(session: Any, server: Any) -> None:
    plan = session.plan()
    assert [change.action for change in plan.changes] == [Action.CREATE] * 3
    assert text_of(plan).splitlines()[-1] == "Plan: 4 to create, 0 to update, 0 to replace, 0 to delete, 0 unchanged."
    assert server.writes == []


@pytest.mark.parametrize("environment", [{}, {"MODE": "incremental_append"}])
def test_an_edit_that_shows_nothing_but_its_time_may_have_been_a_secret(
    session: Any, server: Any, environment: dict[str, str]
) -> None:
    session.apply(**environment)
    server.by_hand("source", "s", configuration={"secret": "changed by hand"})
    plan = session.plan(**environment)
    assert "secret: may have been changed by hand (secret)" in text_of(plan)
    assert as_json(plan)["changes"][0]["fields"] == [{"path": "secret", "secret": True, "suspected": True}]
    assert session.apply(**environment)[1] == "source s updated (secret)"
    assert server.named("source", "s")["configuration"]["secret"] == "one"
    assert session.plan(**environment).is_empty


def test_an_edit_that_shows_is_not_taken_for_one_of_a_secret(session: Any, server: Any) -> None:
    session.apply()
    server.by_hand("source", "s", configuration={"bucket": "theirs"})
    assert fields_of(session.plan()) == {"source s": ["bucket"]}
    session.apply()
    server.by_hand("destination", "d")  # it has no secret that could have changed
    assert session.plan().is_empty


def test_an_airbyte_without_times_of_change(session: Any, server: Any) -> None:
    server.shows_times = False
    session.apply()
    server.by_hand("source", "s", configuration={"secret": "changed by hand"})
    assert session.plan().is_empty
    server.shows_times = True  # an upgrade
    assert session.plan().is_empty


def test_stream_settings_made_by_hand(session: Any, server: Any) -> None:
    session.apply(MODE="incremental_append")
    [stream] = server.named("connection", "c")["configurations"]["streams"]
    stream |= {"cursorField": ["other"], "selectedFields": [{"fieldPath": ["id"]}], "mappers": [{"type": "hashing"}]}
    plan = session.plan(MODE="incremental_append")
    assert fields_of(plan) == {
        "connection c": ["streams.t.selectedFields", "streams.t.mappers", "streams.t.cursorField"]
    }
    assert 'streams.t.cursorField: ["other"] → ["default_cursor"]' in text_of(plan)
    assert "the sync state of t is lost" in text_of(plan)
    session.apply(prune=True, MODE="incremental_append")
    assert server.named("connection", "c")["configurations"]["streams"] == [
        {"name": "t", "syncMode": "incremental_append", "cursorField": ["default_cursor"], "mappers": []}
    ]
    assert session.plan(MODE="incremental_append").is_empty


def test_what_was_removed_from_the_file_is_deleted(session: Any, server: Any) -> None:
    session.apply(MODE="incremental_append")
    server.add("source", "x", {"name": "theirs", "definitionId": "source-s3", "configuration": {}})
    session.write(EMPTY)
    plan = session.plan()
    assert [(change.action, change.name) for change in plan.changes] == [(Action.DELETE, name) for name in "sdc"]
    assert "-  connection   c" in text_of(plan).replace("- ", "-  ")
    assert "the sync state of t is lost; the tables stay" in text_of(plan)
    assert session.apply(prune=True)[1:] == ["connection c deleted", "destination d deleted", "source s deleted"]
    assert list(server.objects) == ["x"]
    assert session.plan().is_empty


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("source", "{name: s, connector", "{name: new, connector"),
        ("destination", "{name: d, connector", "{name: new, connector"),
        ("connection", "- name: c\n", "- name: new\n"),
    ],
)
def test_renamed_in_the_file(session: Any, server: Any, kind: str, old: str, new: str) -> None:
    session.apply(MODE="incremental_append")
    before = dict(server.objects)
    text = (session.directory / "connections.yaml").read_text()
    session.write(text.replace(old, new).replace(f"{kind}: {old[7]}\n", f"{kind}: new\n"))
    plan = session.plan(MODE="incremental_append")
    assert fields_of(plan) == {f"{kind} new": ["name"]}
    assert "lost" not in text_of(plan)
    session.apply(MODE="incremental_append")
    assert [write.split()[0] for write in server.writes] == ["PATCH" if kind == "connection" else "PUT"]
    assert set(server.objects) == set(before)
    assert session.plan(MODE="incremental_append").is_empty


def test_a_connection_renamed_into_other_tables_is_another_one(session: Any, server: Any) -> None:
    session.apply(MODE="incremental_append")
    text = (session.directory / "connections.yaml").read_text()
    session.write(text.replace("- name: c\n", "- name: new\n    prefix: x_\n"))
    plan = session.plan(MODE="incremental_append")
    assert [change.action for change in plan.changes[-2:]] == [Action.CREATE, Action.DELETE]
    assert "the sync state of t is lost" in text_of(plan)


def moved_by(plan: Plan) -> dict[str, list[str]]:
    """The streams that get other tables, by the `kind name` that changes."""
    return {f"{change.kind} {change.name}": change.moved for change in plan.changes if change.moved}


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ("prefix: x_", "prefix"),
        ("namespace_definition: source", "namespaceDefinition"),
        ("namespace_definition: custom_format\n    namespace_format: x", "namespaceDefinition, namespaceFormat"),
    ],
)
def test_another_place_of_a_connections_tables(session: Any, server: Any, setting: str, field: str) -> None:
    text = (session.directory / "connections.yaml").read_text()
    full = "{name: u, sync_mode: full_refresh_append, dbt_source: shop.u}"
    text = text.replace("streams: [", f"streams: [{full}, ")
    session.write(text)
    session.apply(MODE="incremental_append")
    session.write(text.replace("    destination: d\n", f"    destination: d\n    {setting}\n"))
    plan = session.plan(MODE="incremental_append")
    assert moved_by(plan) == {"connection c": ["t"]}
    assert as_json(plan)["changes"][-1]["moved_streams"] == ["t"]
    told = "t: loaded into other tables"
    assert told in text_of(plan)
    assert session.apply(MODE="incremental_append")[-1].startswith(f"connection c updated ({field}); {told}")
    assert session.plan(MODE="incremental_append").is_empty


def test_a_stream_whose_state_is_lost_is_not_told_twice(session: Any) -> None:
    session.apply(MODE="incremental_append")
    text = (session.directory / "connections.yaml").read_text()
    session.write(text.replace("    destination: d\n", "    destination: d\n    prefix: x_\n"))
    plan = session.plan()
    assert "the sync state of t is lost" in text_of(plan)
    assert moved_by(plan) == {}


def test_another_place_of_a_destinations_tables(session: Any, server: Any) -> None:
    text = (
        (session.directory / "connections.yaml").read_text().replace("project_id: p}", "project_id: p, dataset_id: d}")
    )
    more = "".join(
        f"  - {{name: {name}, source: s, destination: d, {setting}streams: "
        f"[{{name: t, {namespace}sync_mode: incremental_append, dbt_source: {name}.t}}]}}\n"
        for name, setting, namespace in [
            ("custom", "namespace_definition: custom_format, namespace_format: x, ", ""),
            ("schema", "namespace_definition: source, ", "namespace: public, "),
            ("flat", "namespace_definition: source, prefix: flat_, ", ""),
        ]
    )
    session.write(text := text + more)
    session.apply(MODE="incremental_append")
    server.by_hand("source", "s", configuration={"dataset_id": "by hand"})
    session.write(text.replace("dataset_id: d", "dataset_id: other"))
    plan = session.plan(MODE="incremental_append")
    assert fields_of(plan) == {"source s": ["dataset_id"], "destination d": ["dataset_id"]}
    assert moved_by(plan) == {"destination d": ["t (c)", "t (flat)"]}
    assert "; t (c), t (flat): loaded into other tables" in session.apply(MODE="incremental_append")[2]
    session.write(text.replace("project_id: p", "project_id: other"))
    moved = moved_by(session.plan(MODE="incremental_append"))
    assert moved == {"destination d": ["t (c)", "t (custom)", "public.t (schema)", "t (flat)"]}
    session.write(text)
    assert moved_by(session.plan()) == {"destination d": ["t (flat)"]}  # c's stream is not incremental any more: lost
    session.write(text.replace("dataset_id: d", "dataset_id: other, secret: two"))
    assert moved_by(session.plan(MODE="incremental_append")) == {}


def test_everything_renamed_at_once(session: Any, server: Any) -> None:
    session.apply()
    ids = set(server.objects)
    text = (session.directory / "connections.yaml").read_text()
    for name in "sd":
        text = text.replace(f"name: {name}, ", f"name: {name}2, ").replace(f": {name}\n", f": {name}2\n")
    session.write(text.replace("name: c\n", "name: c2\n"))
    session.apply()
    assert (set(server.objects), server.writes) == (ids, ["PUT source", "PUT destination", "PATCH connection"])
    assert session.plan().is_empty


def test_a_source_renamed_and_changed_is_another_one(session: Any, server: Any) -> None:
    session.apply(MODE="incremental_append")
    text = (session.directory / "connections.yaml").read_text()
    session.write(text.replace("{name: s,", "{name: new,").replace("source: s\n", "source: new\n"))
    plan = session.plan(MODE="incremental_append", BUCKET="other")
    assert [(change.name, change.action) for change in plan.changes] == [
        ("new", Action.CREATE),
        ("s", Action.DELETE),
        ("d", Action.UNCHANGED),
        ("c", Action.REPLACE),
    ]
    assert "the sync state of t is lost" in text_of(plan)
    session.apply(prune=True, MODE="incremental_append", BUCKET="other")
    assert len(server.objects) == 3


def test_a_renamed_stream_keeps_the_connection_and_the_states_of_the_others(session: Any, server: Any) -> None:
    two = """{name: t, sync_mode: incremental_append, dbt_source: shop.t},
      {name: u, sync_mode: incremental_append, dbt_source: shop.u}"""
    text = (session.directory / "connections.yaml").read_text()
    text = text[: text.index("streams:")] + f"streams: [{two}]\n"
    session.write(text)
    session.apply()
    connection = server.named("connection", "c")["connectionId"]
    session.write(text.replace("{name: t,", "{name: renamed,"))
    plan = session.plan()
    assert fields_of(plan) == {"connection c": ["streams.renamed", "streams.t"]}
    assert "the sync state of t is lost" in text_of(plan)
    session.apply(prune=True)
    assert server.named("connection", "c")["connectionId"] == connection
    assert session.plan().is_empty


def test_the_workspace_is_renamed_if_we_made_it(session: Any, server: Any) -> None:
    session.apply()
    [workspace_id] = server.workspaces
    server.workspaces[workspace_id] = "by hand"
    assert 'name: "by hand" → "Test"' in text_of(session.plan())
    assert session.apply()[0] == "workspace Test updated"
    assert server.workspaces[workspace_id] == "Test"
    (session.directory / "state/state.json").unlink()
    server.workspaces[workspace_id] = "theirs"
    assert session.plan(adopt=True).workspace_fields
    server.objects.clear()
    assert session.apply()[0] == "workspace theirs unchanged"
    assert session.plan().is_empty


@pytest.mark.parametrize("command", ["apply --prune", "destroy"])
def test_what_would_take_a_connection_of_others_along_is_refused(session: Any, server: Any, command: str) -> None:
    session.apply()
    source, destination = server.named("source", "s")["sourceId"], server.named("destination", "d")["destinationId"]
    server.add("connection", "x", {"name": "theirs", "sourceId": source, "destinationId": destination})
    assert session.plan().is_empty
    server.writes.clear()
    if command == "apply --prune":
        session.write(EMPTY)
        session.apply()  # which deletes nothing
    with pytest.raises(UserError, match=r"source 's' cannot be deleted: connection 'theirs'"):
        session.apply(prune=True) if command == "apply --prune" else session.destroy()
    assert server.writes == []


def test_a_second_object_of_a_declared_name_is_an_error(session: Any, server: Any) -> None:
    session.apply()
    server.add("connection", "x", {"name": "c", "sourceId": "y", "destinationId": "z"})
    with pytest.raises(UserError, match=r"yaml:7: Airbyte has 2 connections with the name 'c' \(x, 2\)"):
        session.plan()
