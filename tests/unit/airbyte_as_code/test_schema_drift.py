"""The source's columns differ from those of the connection: plan shows the difference, and apply takes it over."""

from typing import Any

import httpx
import pytest

from airbyte_as_code.airbyte_client import AirbyteError
from airbyte_as_code.render import as_json, plan_lines

from .conftest import FILE

INTEGER, NUMBER, DAY = {"type": ["null", "integer"]}, {"type": ["null", "number"]}, {"type": "string", "format": "date"}


@pytest.fixture
def drifted(session: Any, server: Any) -> Any:
    """A session whose connection was made before the source's columns changed."""
    server.columns = {"id": INTEGER, "amount": INTEGER, "gone": DAY}
    session.apply()
    server.columns = {"id": {"type": ["integer", "null"]}, "amount": NUMBER, "new": DAY}
    return session


def test_plan_runs_no_connector_unless_asked(drifted: Any, server: Any) -> None:
    assert drifted.plan().is_empty
    assert server.discoveries == 0


def test_plan_shows_the_columns_that_a_refresh_takes_over(drifted: Any, server: Any) -> None:
    plan = drifted.plan(refresh_schema=True)
    [change] = [change for change in as_json(plan)["changes"] if change["action"] == "update"]
    assert (change["kind"], change["needs_consent"]) == ("connection", False)
    assert {(item["path"], item["old"], item["new"]) for item in change["fields"]} == {
        ("streams.t.columns.amount", "integer", "number"),
        ("streams.t.columns.gone", "string, date", None),
        ("streams.t.columns.new", None, "string, date"),
    }
    assert server.discoveries == 1


def test_plan_shows_types_that_the_schema_states_in_variants_or_parts(session: Any, server: Any) -> None:
    server.columns = {"code": {"oneOf": [INTEGER, {"type": "null"}]}, "list": {"properties": {"a": INTEGER}}}
    session.apply()
    server.columns = {"code": {"anyOf": [INTEGER, {"type": "string"}]}, "list": {"items": INTEGER}}
    [change] = [change for change in as_json(session.plan(refresh_schema=True))["changes"] if change["fields"]]
    assert {(item["path"], item["old"], item["new"]) for item in change["fields"]} == {
        ("streams.t.columns.code", "integer", "integer or string"),
        ("streams.t.columns.list", "object", "array"),
    }


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (INTEGER, {"type": ["null"]}),
        (INTEGER, {"anyOf": [{"type": "null"}]}),
        ({"type": "null"}, {}),
        ({"oneOf": [{"type": "string"}, INTEGER]}, {"oneOf": [INTEGER, {"type": "string"}]}),
        ({"oneOf": [{"type": "string"}, {"type": ["null"]}]}, {"oneOf": [{"type": "string"}]}),
    ],
)
def test_what_is_no_change_of_a_type(session: Any, server: Any, before: dict[str, Any], now: dict[str, Any]) -> None:
    """A column that is null in every row of the source says nothing about its type; variants have no order."""
    server.columns = {"id": INTEGER, "amount": before}
    session.apply()
    server.columns = {"id": INTEGER, "amount": now}
    assert session.plan(refresh_schema=True).is_empty


def test_apply_takes_the_sources_columns_over_once(drifted: Any, server: Any) -> None:
    assert "connection c unchanged" in drifted.apply()
    [line] = [line for line in drifted.apply(refresh_schema=True) if line.startswith("connection")]
    assert "streams.t.columns.amount" in line
    assert server.writes == ["workspace", "PATCH connection"] or server.writes == ["PATCH connection"]
    assert server.taken_over == server.columns
    assert drifted.plan(refresh_schema=True).is_empty
    drifted.apply(refresh_schema=True)
    assert "PATCH connection" not in server.writes


@pytest.mark.parametrize(
    ("noticed", "facts"),
    [
        ({"schemaChange": "non_breaking", "statusReason": "amount: number"}, ["amount: number", "--refresh-schema"]),
        ({"breakingChange": True, "statusReason": "no column id"}, ["breaking", "no column id"]),
        ({"breakingChange": True}, ["breaking", "primary key"]),
    ],
)
def test_plan_and_apply_tell_what_airbyte_noticed(
    session: Any, server: Any, noticed: dict[str, Any], facts: list[str]
) -> None:
    session.apply()
    server.noticed = noticed
    plan = session.plan()
    assert plan.is_empty
    for text in ("\n".join(plan_lines(plan)), "\n".join(session.apply())):
        for fact in facts:
            assert fact in text


def test_a_source_that_cannot_be_discovered_is_named(drifted: Any, server: Any) -> None:
    def fail(request: httpx.Request) -> httpx.Response | None:
        failure = {"failureReason": {"externalMessage": "no such bucket"}, "succeeded": False}
        failed = request.url.path.endswith("discover_schema")
        return httpx.Response(200, json={"jobInfo": failure}) if failed else None

    server.before = fail
    with pytest.raises(AirbyteError, match=r"'c'.*no such bucket"):
        drifted.plan(refresh_schema=True)


def test_an_airbyte_that_does_not_show_the_schema_has_an_ordinary_plan(drifted: Any, server: Any) -> None:
    server.before = lambda request: httpx.Response(403) if request.url.path.endswith("connections/get") else None
    assert drifted.plan().is_empty


@pytest.mark.parametrize(
    ("mode", "facts"),
    [
        ("incremental_deduped_history, primary_key: [[Day], [id]]", ["Day", "primary key", "connections.yaml:"]),
        ("incremental_append, cursor_field: [day]", ["day", "cursor", "connections.yaml:"]),
        ("full_refresh_overwrite, primary_key: [[day]]", []),
    ],
)
def test_a_refresh_that_airbyte_refuses_is_said_beforehand(
    session: Any, server: Any, mode: str, facts: list[str]
) -> None:
    file = session.directory / "connections.yaml"
    start, end = (text := file.read_text()).index("sync_mode: ") + len("sync_mode: "), text.index(", dbt_source")
    file.write_text(text[:start] + mode + text[end:])
    server.columns = {"id": INTEGER, "day": DAY}
    session.apply()
    server.columns = {"id": INTEGER}
    [change] = [change for change in as_json(session.plan(refresh_schema=True))["changes"] if change["fields"]]
    assert bool(change["schema_change"]) is bool(facts)
    for fact in [*facts, "breaking"] if facts else []:
        assert fact in change["schema_change"]
    server.columns = {"id": INTEGER, "DAY": DAY}  # the same column
    [change] = [change for change in as_json(session.plan(refresh_schema=True))["changes"] if change["fields"]]
    assert change["schema_change"] is None


@pytest.mark.parametrize(
    "noticed",
    [
        {"breakingChange": True, "statusReason": "A breaking schema change: no column id"},
        {"schemaChange": "non_breaking", "statusReason": "new column. To accept: make apply o=--refresh-schema."},
    ],
)
def test_what_the_reason_says_is_not_said_again(session: Any, server: Any, noticed: dict[str, Any]) -> None:
    session.apply()
    server.noticed = noticed
    [note] = [change["schema_change"] for change in as_json(session.plan())["changes"] if change["schema_change"]]
    assert noticed["statusReason"] in note
    assert note.lower().count("breaking schema change") + note.count("--refresh-schema") == 1


def of_files(session: Any, options: str = "", text: str = "") -> None:
    """Give the source a stream of files, with these options."""
    file = session.directory / "connections.yaml"
    streams = f"streams: [{{name: t, globs: ['*.jsonl']{options}}}], bucket:"
    file.write_text((text or file.read_text()).replace("bucket:", streams))


def test_a_source_whose_files_are_gone_does_not_take_the_known_columns_away(session: Any, server: Any) -> None:
    of_files(session)
    text, url = {"type": "string"}, "_ab_source_file_url"
    server.columns = {"id": INTEGER, url: text}
    session.apply()
    server.columns = {"data": {"type": "object"}, url: text}
    plan = session.plan(refresh_schema=True)
    assert plan.is_empty
    for told in ("\n".join(plan_lines(plan)), "\n".join(session.apply(refresh_schema=True))):
        assert "no file of the stream t, or its files have only a column data" in told
        assert "make apply o=--refresh-schema" in told
    server.columns = {"data": {"type": "object"}, "id": INTEGER, url: text}
    assert not session.plan(refresh_schema=True).is_empty


def test_a_stream_without_columns_of_its_own_is_not_missed(session: Any, server: Any) -> None:
    server.columns = {"data": {"type": "object"}}
    session.apply()
    assert "no file" not in "\n".join(plan_lines(session.plan(refresh_schema=True)))  # a source without files
    of_files(session, ", schemaless: true")
    session.apply()
    assert "no file" not in "\n".join(plan_lines(session.plan(refresh_schema=True)))


def test_a_source_without_files_may_have_only_the_column_data(session: Any, server: Any) -> None:
    server.columns = {"id": INTEGER}
    session.apply()
    server.columns = {"data": {"type": "object"}}
    session.apply(refresh_schema=True)
    assert server.taken_over == server.columns


def test_a_stream_that_the_source_does_not_have_any_more_is_told(session: Any, server: Any) -> None:
    session.apply()

    def empty(request: httpx.Request) -> httpx.Response | None:
        answer = {"catalog": {"streams": []}, "jobInfo": {"succeeded": True}}
        return httpx.Response(200, json=answer) if request.url.path.endswith("discover_schema") else None

    server.before = empty
    assert "does not have the stream t" in "\n".join(plan_lines(session.plan(refresh_schema=True)))


def test_a_refresh_beside_a_change_of_the_source_needs_one_run(drifted: Any, server: Any) -> None:
    """The columns are those of the changed source. The old place may not even answer any more."""
    text = "\n".join(plan_lines(drifted.plan(refresh_schema=True, BUCKET="other")))
    assert server.discoveries == 0
    assert "after the change of the source: make apply o=--refresh-schema" in text

    def gone(request: httpx.Request) -> httpx.Response | None:
        source = server.named("source", "s")["configuration"]
        failed = {"jobInfo": {"failureReason": {"externalMessage": "no such bucket"}}}
        old = request.url.path.endswith("discover_schema") and source["bucket"] != "other"
        return httpx.Response(200, json=failed) if old else None

    server.before = gone
    [_, source, _, connection] = drifted.apply(refresh_schema=True, BUCKET="other")
    assert "bucket" in source
    assert "streams.t.columns.amount" in connection
    assert server.taken_over == server.columns
    assert drifted.plan(refresh_schema=True, BUCKET="other").is_empty


SECOND = """\
  - name: other
    source: s
    destination: d
    prefix: other_
    streams: [{name: u, sync_mode: full_refresh_append, dbt_source: shop.u}]
"""


def test_a_stream_that_is_removed_with_the_same_change_is_not_missed(session: Any, server: Any) -> None:
    both = FILE.replace("bucket:", "streams: [{name: t}, {name: u}], bucket:").replace(
        "dbt_source: shop.t}", "dbt_source: shop.t}, {name: u, sync_mode: full_refresh_append, dbt_source: shop.u}"
    )
    server.columns = {"id": INTEGER}
    session.write(both)
    session.apply()
    of_files(session, text=FILE)
    told = "\n".join(session.apply(refresh_schema=True))
    assert server.discoveries == 1
    assert [stream["name"] for stream in server.named("connection", "c")["configurations"]["streams"]] == ["t"]
    assert "does not have the stream" not in told


def test_columns_wait_for_a_source_that_needs_prune(session: Any, server: Any) -> None:
    """Connection `other` still reads the stream that the source loses, until --prune deletes it."""
    server.columns = {"id": INTEGER}
    session.write(FILE.replace("bucket:", "streams: [{name: t}, {name: u}], bucket:") + SECOND)
    session.apply()
    before, server.columns = server.taken_over, {"id": NUMBER}
    of_files(session, text=FILE)
    for lines in (list(plan_lines(session.plan(refresh_schema=True))), session.apply(refresh_schema=True)):
        [told] = [line for line in lines if "source 's' is not updated yet" in line and "waits" not in line]
        assert "make apply o='--prune --refresh-schema'" in told
    assert (server.discoveries, server.taken_over) == (0, before)
    assert not any("not updated yet" in line for line in session.apply(refresh_schema=True, prune=True))
    assert (server.discoveries, server.taken_over) == (1, server.columns)
