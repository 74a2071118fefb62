"""Connections that apply did not create, and that load a table of a declared connection."""

from typing import Any

import pytest

from airbyte_as_code.errors import UserError
from airbyte_as_code.render import as_json, plan_lines


def theirs(server: Any, *, prefix: str = "", stream: str = "t", **changes: Any) -> dict[str, Any]:
    """Make a connection by hand, on the source and the destination of `c`."""
    shown = server.named("connection", "c")
    body = {key: shown[key] for key in ("sourceId", "destinationId")} | {"name": "their", "prefix": prefix}
    streams = {"streams": [{"name": stream, "syncMode": "full_refresh_overwrite"}]}
    server.add("connection", "theirs", body | {"configurations": streams} | changes)
    return dict(server.named("connection", "their"))


def move(session: Any, prefix: str) -> None:
    text = (session.directory / "connections.yaml").read_text()
    session.write(text.replace("    source: s\n", f"    source: s\n    prefix: '{prefix}'\n"))


@pytest.mark.parametrize(("prefix", "stream"), [("a_", "t"), ("A-", "t"), ("", "a t"), ("Á", "_t")])
def test_a_table_that_another_connection_loads_is_refused(session: Any, server: Any, prefix: str, stream: str) -> None:
    session.apply()
    theirs(server, prefix=prefix, stream=stream)
    move(session, "a_")
    for run in (session.plan, session.apply):
        with pytest.raises(UserError, match=r"connections.yaml:\d+: .*'c' would load a_t, .*'their'"):
            run()
    assert server.writes == []


def test_also_through_another_destination_with_the_same_dataset(session: Any, server: Any) -> None:
    session.apply()
    server.add("destination", "d2", server.named("destination", "d") | {"destinationId": "d2", "name": "their"})
    server.named("destination", "d")["configuration"] |= {"dataset_id": "x"}
    server.named("destination", "their")["configuration"] = {"project_id": "p", "dataset_id": "x"}
    theirs(server, prefix="a_", destinationId="d2")
    text = (session.directory / "connections.yaml").read_text()
    assert "project_id: p}" in text
    session.write(text.replace("project_id: p}", "project_id: p, dataset_id: x}"))
    move(session, "a_")
    with pytest.raises(UserError, match="a_t"):
        session.plan()


def test_also_through_another_spelling_of_one_dataset(session: Any, server: Any) -> None:
    session.apply()
    theirs(server, prefix="a_", namespaceDefinition="custom_format", namespaceFormat="my-lake")
    namespace = "    namespace_definition: custom_format\n    namespace_format: my_lake\n"
    text = (session.directory / "connections.yaml").read_text()
    session.write(text.replace("    source: s\n", f"    source: s\n{namespace}"))
    move(session, "a_")
    with pytest.raises(UserError, match="'c' would load a_t"):
        session.plan()


def test_a_table_that_both_load_already_is_told_and_the_rest_goes_on(session: Any, server: Any) -> None:
    session.apply()
    theirs(server)
    plan = session.plan()
    [shared] = [change["shared_tables"] for change in as_json(plan)["changes"] if change["shared_tables"]]
    assert "'their' loads t too" in shared
    assert shared in "\n".join(plan_lines(plan))
    assert plan.is_empty
    assert shared in session.apply()[-1]


@pytest.mark.parametrize("changes", [{"status": "inactive"}, {"prefix": "other_"}, {"destinationId": "elsewhere"}])
def test_what_loads_nothing_of_it_is_no_obstacle(session: Any, server: Any, changes: dict[str, Any]) -> None:
    session.apply()
    theirs(server, **{"prefix": "a_"} | changes)
    move(session, "a_")
    assert not [change["shared_tables"] for change in as_json(session.plan())["changes"] if change["shared_tables"]]
    session.apply()


def test_a_connection_that_is_declared_as_inactive_loads_nothing_until_it_is_active(session: Any, server: Any) -> None:
    session.apply()
    theirs(server, prefix="a_")
    move(session, "a_")
    text = (session.directory / "connections.yaml").read_text()
    session.write(text.replace("    source: s\n", "    source: s\n    status: inactive\n"))
    session.apply()
    assert not [change["shared_tables"] for change in as_json(session.plan())["changes"] if change["shared_tables"]]
    session.write(text)
    with pytest.raises(UserError, match="'c' would load a_t"):
        session.plan()
