"""`deletions: mark` of a stream: where dbt can find the deleted rows, and where the file is refused."""

from pathlib import Path

import pytest

from connections_file import ConnectionsFileError, load

from .test_connections_file import VALID, write

DEDUPED = "sync_mode: incremental_deduped_history\n        primary_key: [[id]]"


def declared(*lines: str, mode: str = DEDUPED) -> str:
    return VALID.replace("sync_mode: full_refresh_append", "\n        ".join([mode, "deletions: mark", *lines]))


def test_keep_is_the_default_and_mark_can_be_chosen(tmp_path: Path) -> None:
    assert load(write(tmp_path, VALID), {}).connections[0].streams[0].deletions == "keep"
    assert load(write(tmp_path, declared()), {}).connections[0].streams[0].deletions == "mark"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (declared(mode="sync_mode: full_refresh_overwrite"), ["full_refresh_overwrite", "remove deletions"]),
        (declared(mode="sync_mode: incremental_append"), ["needs sync_mode: incremental_deduped_history"]),
        (declared("cursor_field: [updated_at]"), ["_ab_source_file_last_modified", "remove cursor_field"]),
        (declared("selected_fields: [id]"), ["_ab_source_file_url", "selected_fields"]),
        (declared().replace("deletions: mark", "deletions: drop"), ["deletions", "keep", "mark"]),
    ],
)
def test_refused_where_deleted_rows_cannot_be_found(tmp_path: Path, text: str, named: list[str]) -> None:
    with pytest.raises(ConnectionsFileError) as error:
        load(write(tmp_path, text), {})
    assert all(word in str(error.value) for word in [*named, "connections.yaml:"])
