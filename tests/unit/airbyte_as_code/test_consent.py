"""Apply without --prune: the changes that it does not make, those that it makes, and those that wait for others."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from airbyte_as_code.airbyte_client import Kind
from airbyte_as_code.change import Action, Change
from airbyte_as_code.errors import UserError
from airbyte_as_code.render import as_json, left_lines, plan_lines

from .conftest import EMPTY

INCREMENTAL = {"MODE": "incremental_append"}


def text(session: Any) -> str:
    return str((session.directory / "connections.yaml").read_text())


def left(session: Any, **environment: str) -> dict[str, str]:
    """The changes that need --prune: the action, or the object and the tables for which a change waits."""
    plan = session.plan(**environment)
    return {
        f"{change.kind} {change.name}": waits_for(change) if change.waits else str(change.action)
        for change in plan.changes
        if change.needs_consent
    }


def waits_for(change: Change) -> str:
    kind, name, rest = re.fullmatch(r"(\w+) '(.+?)' (.+)", change.waits).groups()  # type: ignore[union-attr]
    tables = rest.partition(" loads ")[2]
    return f"waits for {kind} {name}" + (f", which loads {tables}" if tables else "")


def destructive(server: Any) -> list[str]:
    return [write for write in server.writes if write.startswith("DELETE")]


def test_a_block_that_is_cut_out_and_pasted_back_is_the_same_object(session: Any, server: Any) -> None:
    session.apply(**INCREMENTAL)
    before, objects = text(session), dict(server.objects)
    session.write(EMPTY)
    for _ in range(2):
        session.apply()
        assert server.writes == []
        assert left(session) == dict.fromkeys(["source s", "destination d", "connection c"], "delete")
    session.write(before)
    assert session.plan(**INCREMENTAL).is_empty
    session.apply(**INCREMENTAL)
    assert (server.writes, dict(server.objects)) == ([], objects)


def test_what_is_left_can_still_be_destroyed(session: Any, server: Any) -> None:
    session.apply(**INCREMENTAL)
    session.write(EMPTY)
    session.apply()
    session.destroy()
    assert server.objects == {}


def test_an_interrupted_creation_that_is_left_stays_ours(session: Any, server: Any) -> None:
    def kill(request: Any) -> None:
        if request.url.path.endswith("/connections") and request.method == "POST":
            raise KeyboardInterrupt

    server.after = kill  # Airbyte creates it, and its answer is lost
    with pytest.raises(KeyboardInterrupt):
        session.apply()
    server.after = lambda _: None
    before = text(session)
    session.write(EMPTY)
    session.apply()
    session.apply()
    assert left(session)["connection c"] == "delete"
    session.write(before)
    session.apply()
    assert session.plan().is_empty
    assert len(server.of("connection")) == 1


@pytest.mark.parametrize("mode", ["full_refresh_overwrite", "full_refresh_append"])
def test_a_lost_state_waits_and_the_other_fields_do_not(session: Any, server: Any, mode: str) -> None:
    session.apply(**INCREMENTAL)
    session.write(text(session).replace("    destination: d\n", "    destination: d\n    schedule: 0 0 12 * * ?\n"))
    session.apply(MODE=mode)
    connection = server.named("connection", "c")
    assert connection["schedule"]["cronExpression"] == "0 0 12 * * ?"
    assert connection["configurations"]["streams"][0]["syncMode"] == "incremental_append"
    assert left(session, MODE=mode) == {"connection c": "update"}
    session.apply(MODE=mode, prune=True)
    assert connection["configurations"]["streams"][0]["syncMode"] == mode
    assert session.plan(MODE=mode).is_empty


def test_another_connector_leaves_the_source_and_its_connections(session: Any, server: Any) -> None:
    session.apply(**INCREMENTAL)
    server.named("source", "s")["definitionId"] = "source-other"
    session.write(text(session).replace("{project_id: p}", "{project_id: other}"))
    stream = "{name: u, sync_mode: full_refresh_append, dbt_source: n.u}"
    session.write(text(session) + f"  - {{name: new, source: s, destination: d, streams: [{stream}]}}\n")
    session.apply(**INCREMENTAL)
    assert server.writes == ["PUT destination"]
    assert left(session, **INCREMENTAL) == {
        "source s": "replace",
        "connection c": "replace",
        "connection new": "waits for source s",
    }
    session.apply(prune=True, **INCREMENTAL)
    assert session.plan(**INCREMENTAL).is_empty


def test_no_second_connection_fills_the_tables_of_one_that_is_left(session: Any, server: Any) -> None:
    """Another source under another name, the same tables: every row would be there twice."""
    session.apply(**INCREMENTAL)
    renamed = text(session).replace("{name: s,", "{name: s2,").replace("source: s\n", "source: s2\n")
    session.write(renamed.replace("- name: c\n", "- name: c2\n"))
    given = INCREMENTAL | {"BUCKET": "other"}
    session.apply(**given)
    assert server.writes == ["POST source"]
    assert left(session, **given) == {
        "source s": "delete",
        "connection c": "delete",
        "connection c2": "waits for connection c, which loads t",
    }
    session.apply(prune=True, **given)
    assert session.plan(**given).is_empty
    assert [item["name"] for item in server.of("connection")] == ["c2"]


@pytest.mark.parametrize("namespace", ["destination", "source"])
def test_another_destination_with_the_same_dataset_has_the_same_tables(
    session: Any, server: Any, namespace: str
) -> None:
    in_dataset = text(session).replace("{project_id: p}", "{project_id: p, dataset_id: a}")
    session.write(in_dataset)
    session.apply(**INCREMENTAL)
    renamed = in_dataset.replace("{name: d,", "{name: d2,").replace("destination: d\n", "destination: d2\n")
    renamed = renamed.replace("dataset_id: a", 'dataset_id: "p:a", dataset_location: US')
    renamed = renamed.replace("- name: c\n", f"- name: c2\n    namespace_definition: {namespace}\n")
    session.write(renamed)
    session.apply(**INCREMENTAL)
    assert server.writes == ["POST destination"]
    assert left(session, **INCREMENTAL)["connection c2"] == "waits for connection c, which loads t"
    session.write(renamed.replace("p:a", "p:b"))
    session.apply(**INCREMENTAL)
    assert [item["name"] for item in server.of("connection")] == ["c", "c2"]


def test_a_partial_update_does_not_hide_what_is_left(session: Any, server: Any) -> None:
    session.apply(**INCREMENTAL)
    [stream] = server.named("connection", "c")["configurations"]["streams"]
    stream["cursorField"] = ["by_hand"]
    session.write(text(session).replace("    destination: d\n", "    destination: d\n    status: inactive\n"))
    for _ in range(2):
        session.apply(**INCREMENTAL)
        assert server.named("connection", "c")["status"] == "inactive"
        assert left(session, **INCREMENTAL) == {"connection c": "update"}
    session.apply(prune=True, **INCREMENTAL)
    assert session.plan(**INCREMENTAL).is_empty


def test_a_stream_that_moves_to_another_connection_waits(session: Any, server: Any) -> None:
    def file(first: str, second: str) -> str:
        streams = {
            name: f"{{name: {name}, sync_mode: incremental_append, dbt_source: shop.{name}}}"
            for name in ("t", "u", "v")
        }
        lines = [text(session).partition("connections:")[0] + "connections:"]
        for name, held in (("one", first), ("two", second)):
            listed = ", ".join(streams[each] for each in held)
            lines.append(f"  - {{name: {name}, source: s, destination: d, streams: [{listed}]}}")
        return "\n".join(lines) + "\n"

    before, after = file("tu", "v"), file("t", "uv")
    session.write(before)
    session.apply()
    session.write(after)
    session.apply()
    assert server.writes == []
    assert left(session) == {"connection one": "update", "connection two": "waits for connection one, which loads u"}
    session.apply(prune=True)
    assert session.plan().is_empty


def test_a_block_for_the_same_source_is_not_the_one_that_was_cut_out(session: Any, server: Any) -> None:
    session.apply(**INCREMENTAL)
    old = server.named("connection", "c")["connectionId"]
    head = text(session).partition("connections:")[0]
    new = "{name: new, source: s, destination: d, streams: [{name: u, sync_mode: incremental_append, dbt_source: n.u}]}"
    session.write(f"{head}connections:\n  - {new}\n")
    session.apply()
    assert server.writes == ["POST connection"]
    assert server.objects[old]["name"] == "c"
    assert left(session) == {"connection c": "delete"}


def test_a_name_that_an_object_in_airbyte_still_has(session: Any, server: Any) -> None:
    session.apply()
    server.named("connection", "c")["name"] = "new"  # by hand
    head = text(session).partition("connections:")[0]
    new = (
        "{name: new, source: s, destination: d, streams: [{name: u, sync_mode: full_refresh_append, dbt_source: n.u}]}"
    )
    session.write(f"{head}connections:\n  - {new}\n")
    session.apply()
    assert server.writes == []
    assert left(session) == {"connection new": "delete"}
    [waits] = [change for change in session.plan().changes if change.waits]
    assert (waits.name, waits_for(waits)) == ("new", "waits for connection new")
    session.apply(prune=True)
    assert session.plan().is_empty
    assert len(server.of("connection")) == 1


def test_the_streams_of_a_source_stay_for_a_connection_that_is_left(session: Any, server: Any) -> None:
    def named(stream: str) -> str:
        return before.replace("bucket:", f"streams: [{{name: {stream}}}], bucket:").replace(
            "{name: t,", f"{{name: {stream},"
        )

    before = text(session)
    session.write(named("t"))
    session.apply(**INCREMENTAL)
    session.write(named("renamed"))
    session.apply(**INCREMENTAL)
    assert server.writes == []
    assert left(session, **INCREMENTAL) == {
        "source s": "waits for connection c",
        "connection c": "update",
    }
    session.write(named("t"))
    assert session.plan(**INCREMENTAL).is_empty
    session.apply(SECRET="two", **INCREMENTAL)
    assert server.writes == ["PUT source"]


def test_consent_is_asked_for_with_exactly_what_is_destroyed(session: Any, server: Any) -> None:
    from airbyte_as_code.apply import apply

    class RefusedError(Exception):
        pass

    asked: list[Change] = []

    def refuse(changes: list[Change]) -> None:
        asked.extend(changes)
        raise RefusedError

    session.apply(**INCREMENTAL)
    session.write(text(session).partition("connections:")[0] + "connections: []\n")
    server.writes.clear()
    with session.client() as client, pytest.raises(RefusedError):
        apply(client, session.file(BUCKET="new"), session.state(), lambda *_: None, prune=True, ask=refuse)
    assert [(change.kind, change.name) for change in asked] == [(Kind.CONNECTION, "c")]
    assert server.writes == []


def test_another_run_does_not_wait_for_an_answer(session: Any, server: Any) -> None:
    """A save under `make dev` applies while the question is open; what was asked about is destroyed then."""
    before = prune_while(session, lambda: session.apply(SECRET="two"))
    assert before == ["PUT source", "DELETE connection"]
    assert [change.kind for change in session.plan(SECRET="two").changes] == [Kind.SOURCE, Kind.DESTINATION]


def test_only_what_was_confirmed_is_destroyed(session: Any, server: Any) -> None:
    def again() -> None:
        """Another run destroys the connection, and a third one makes it again."""
        server.objects["new"] = server.objects.pop(found := server.named("connection", "c")["connectionId"])
        server.kinds["new"] = Kind.CONNECTION
        server.objects["new"]["connectionId"] = "new"
        state = session.state()
        state.forget(found)
        state.remember(Kind.CONNECTION, "c", "new")

    with pytest.raises(UserError, match=r"Another run(.|\n)*make apply o=--prune"):
        prune_while(session, again)
    assert destructive(server) == []


def test_a_file_that_changed_while_the_run_waited_is_not_applied(session: Any, server: Any) -> None:
    with pytest.raises(UserError, match="changed while this run waited"):
        prune_while(session, lambda: session.write(text(session) + "# saved\n"))
    assert destructive(server) == []


def prune_while(session: Any, during: Callable[[], Any]) -> list[str]:
    """Remove the connection from the file, apply it with --prune, and do `during` before the answer yes."""
    from airbyte_as_code.apply import apply

    session.apply()
    session.write(text(session).partition("connections:")[0] + "connections: []\n")
    session.server.writes.clear()
    shown: list[Change] = []
    with session.client() as client:
        apply(
            *(client, session.file(SECRET="two"), session.state(), lambda *_: None),
            prune=True,
            show=shown.extend,
            ask=lambda _: during(),
        )
    assert [change.name for change in shown] == ["c"]
    return list(session.server.writes)


def test_nothing_is_asked_where_nothing_is_destroyed(session: Any, server: Any) -> None:
    from airbyte_as_code.apply import apply

    def fail(changes: list[Change]) -> None:
        raise UserError(str(changes))

    with session.client() as client:
        left = apply(client, session.file(), session.state(), lambda *_: None, prune=True, ask=fail)
    assert left == []


def test_what_a_person_and_a_machine_are_told(session: Any, server: Any) -> None:
    scheduled = text(session).replace("    destination: d\n", "    destination: d\n    schedule: 0 0 12 * * ?\n")
    session.write(scheduled)
    session.apply(**INCREMENTAL)
    session.write(text(session).partition("connections:")[0] + "connections: []\n")
    plan = session.plan()
    [change] = [change for change in as_json(plan)["changes"] if change["needs_consent"]]
    assert (change["name"], change["action"]) == ("c", Action.DELETE)
    assert "make apply o=--prune" in "\n".join(plan_lines(plan))
    told = "\n".join(left_lines([change for change in plan.changes if change.needs_consent]))
    for fact in ("connection   c", "the sync state of t", "0 0 12 * * ?", "make apply o=--prune"):
        assert fact in told
    assert list(left_lines([])) == []


@pytest.mark.parametrize("mode", ["full_refresh_append", "incremental_append", "incremental_deduped_history"])
def test_rows_of_earlier_syncs_are_not_replaced_without_consent(session: Any, server: Any, mode: str) -> None:
    write_mode(session, f"{mode}, primary_key: [[id]]" if mode == "incremental_deduped_history" else mode)
    session.apply()
    write_mode(session, "full_refresh_overwrite")
    session.apply()
    assert left(session) == {"connection c": "update"}
    [change] = [change for change in as_json(session.plan())["changes"] if change["needs_consent"]]
    assert change["overwritten_streams"] == ["t"]
    assert "replaces the rows of t" in "\n".join(plan_lines(session.plan()))
    assert mode in str(server.objects)
    session.apply(prune=True)
    assert left(session) == {}
    assert mode not in str(server.objects)


@pytest.mark.parametrize(
    ("place", "is_another"),
    [
        ("prefix: new_", True),
        ("namespace_definition: custom_format\n    namespace_format: other", True),
        ("namespace_definition: custom_format\n    namespace_format: raw", False),  # the destination's dataset
    ],
)
def test_rows_of_a_table_that_is_not_loaded_any_more_are_not_replaced(
    session: Any, server: Any, place: str, is_another: bool
) -> None:
    session.write(text(session).replace("{project_id: p}", "{project_id: p, dataset_id: raw}"))
    session.apply()
    write_mode(session, "full_refresh_overwrite")
    session.write(text(session).replace("    source: s\n", f"    source: s\n    {place}\n"))
    [change] = [change for change in as_json(session.plan())["changes"] if change["kind"] == "connection"]
    assert (change["overwritten_streams"], change["needs_consent"]) == ([] if is_another else ["t"], not is_another)
    session.apply()
    assert ("full_refresh_overwrite" in str(server.objects)) is is_another
    assert session.plan().is_empty is is_another


def write_mode(session: Any, mode: str) -> None:
    """Declare the stream with this mode and its settings."""
    start, end = text(session).index("sync_mode: ") + len("sync_mode: "), text(session).index(", dbt_source")
    session.write(text(session)[:start] + mode + text(session)[end:])
