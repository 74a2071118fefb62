"""The plan names changes that lose no sync state, but leave rows in a table that do not fit the declaration."""

from typing import Any

import pytest

from airbyte_as_code.plan import Plan
from airbyte_as_code.render import as_json, plan_lines


def told(plan: Plan) -> dict[str, str]:
    """The notes about earlier rows, by `kind name`."""
    shown = "\n".join(plan_lines(plan))
    found = {f"{change['kind']} {change['name']}": change["earlier_rows"] for change in as_json(plan)["changes"]}
    assert all(text in shown for text in found.values() if text)
    return {name: text for name, text in found.items() if text}


def write(session: Any, mode: str) -> None:
    """Declare the stream with this mode and its settings."""
    file = session.directory / "connections.yaml"
    text = file.read_text()
    start, end = text.index("sync_mode: ") + len("sync_mode: "), text.index(", dbt_source")
    file.write_text(text[:start] + mode + text[end:])


def test_another_bucket_beside_a_kept_state(session: Any) -> None:
    write(session, "incremental_append")
    session.apply()
    found = told(session.plan(BUCKET="new"))
    assert list(found) == ["source s"]
    assert "state of t is kept" in found["source s"]
    assert "not newer" in session.apply(BUCKET="new")[1]
    assert told(session.plan(BUCKET="new")) == {}


def test_another_bucket_without_a_state_needs_no_word(session: Any) -> None:
    write(session, "full_refresh_overwrite")
    session.apply()
    assert told(session.plan(BUCKET="new")) == {}


def test_another_key_and_a_first_key(session: Any) -> None:
    write(session, "incremental_append")
    session.apply()
    write(session, "incremental_deduped_history, primary_key: [[id]]")
    assert "versions" in told(session.plan())["connection c"]
    session.apply()
    write(session, "incremental_deduped_history, primary_key: [[other]]")
    assert "other key" in told(session.plan())["connection c"]
    session.apply()
    assert told(session.plan()) == {}


def test_a_lost_state_is_said_instead(session: Any) -> None:
    write(session, "incremental_append, cursor_field: [a]")
    session.apply()
    write(session, "incremental_deduped_history, primary_key: [[id]], cursor_field: [b]")
    assert told(session.plan()) == {}


def test_another_bucket_beside_a_state_that_is_lost_at_once(session: Any) -> None:
    write(session, "incremental_append")
    session.apply()
    write(session, "full_refresh_append")
    [(changed, note)] = told(session.plan(BUCKET="new")).items()
    assert changed == "connection c"
    assert "state" not in note


@pytest.mark.parametrize(("old", "new"), [("    source: s\n", "    source: s\n    prefix: new_\n"), ("p}", "other}")])
def test_another_mode_and_another_table_at_once(session: Any, old: str, new: str) -> None:
    """The other table has no earlier rows; `project_id` of the destination moves the table too."""
    write(session, "incremental_append")
    session.apply()
    write(session, "incremental_deduped_history, primary_key: [[id]]")
    text = (session.directory / "connections.yaml").read_text()
    assert old in text
    session.write(text.replace(old, new))
    assert told(session.plan()) == {}


@pytest.mark.parametrize(
    ("before", "now", "fact"),
    [
        ("full_refresh_append", "incremental_deduped_history, primary_key: [[id]]", "all versions"),
        ("full_refresh_overwrite", "full_refresh_append", "rows that the table has already"),
        ("full_refresh_overwrite", "incremental_append", "rows that the table has already"),
        ("full_refresh_append", "incremental_append", "rows that the table has already"),
        (
            "full_refresh_overwrite, primary_key: [[id]]",
            "incremental_deduped_history, primary_key: [[id]]",
            "also several with one key",
        ),
    ],
)
@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_mode_that_leaves_rows_twice(session: Any, before: str, now: str, fact: str, elsewhere: bool) -> None:
    """These streams have no sync state, so that the next sync reads everything; not if it loads another table."""
    write(session, before)
    session.apply()
    write(session, now)
    if elsewhere:
        session.write((session.directory / "connections.yaml").read_text().replace("p}", "other}"))
        assert told(session.plan()) == {}
        return
    assert fact in told(session.plan())["connection c"]
    assert fact in session.apply()[-1]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("incremental_append", "full_refresh_append"),
        ("incremental_deduped_history, primary_key: [[id]]", "full_refresh_append"),
        ("incremental_append, cursor_field: [a]", "incremental_append, cursor_field: [b]"),
    ],
)
def test_a_lost_state_leaves_rows_twice_after_an_append(session: Any, before: str, now: str) -> None:
    write(session, before)
    session.apply()
    write(session, now)
    assert "rows that the table has already" in told(session.plan())["connection c"]


@pytest.mark.parametrize(("behavior", "is_told"), [("ignore", True), ("propagate_columns", False)])
def test_columns_whose_values_were_ignored_until_now(session: Any, server: Any, behavior: str, is_told: bool) -> None:
    write(session, "incremental_append")
    text = (session.directory / "connections.yaml").read_text()
    setting = f"    source: s\n    non_breaking_schema_updates_behavior: {behavior}\n"
    session.write(text.replace("    source: s\n", setting))
    server.columns = {"id": {"type": "integer"}, "gone": {"type": "string"}, "day": {"type": "string"}}
    session.apply()
    server.columns = {"id": {"type": "string"}, "new": {"type": "string"}, "Day": {"type": "string"}}
    found = told(session.plan(refresh_schema=True))
    assert bool(found) is is_told
    if is_told:
        assert "values of id, new before" in found["connection c"]  # Day is the column day
        assert "reset" in found["connection c"]
