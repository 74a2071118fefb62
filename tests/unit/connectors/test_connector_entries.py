"""The text of connectors.toml: tables are added, replaced and removed, and all other text stays."""

import tomllib

from airbyte_lite.settings import CONNECTORS
from tools.connectors import entries

TEXT = (CONNECTORS / "connectors.toml").read_text()
NEW = "source-of-this-test"
FAKER: entries.Entry = {"title": 'Sample "Data"', "definition_id": "1", "version": "7.2.1", "components": True}


def test_a_table_is_added_at_the_end_and_removed_without_a_trace() -> None:
    added = entries.put(TEXT, NEW, FAKER)
    assert added.startswith(TEXT.rstrip())
    assert tomllib.loads(added)[NEW] == FAKER
    assert entries.without(added, NEW) == TEXT


def test_a_table_is_replaced_where_it_is_and_its_comment_stays() -> None:
    changed = entries.put(TEXT, "source-s3", {"version": "9"})
    assert tomllib.loads(changed)["source-s3"] == {"version": "9"}
    assert list(tomllib.loads(changed)) == list(tomllib.loads(TEXT))
    assert changed.count("# Runs any low-code connector") == 1


def test_a_table_is_removed_with_the_comment_above_it_only() -> None:
    left = entries.without(TEXT, "source-declarative-manifest")
    assert set(tomllib.loads(TEXT)) - set(tomllib.loads(left)) == {"source-declarative-manifest"}
    assert "# Runs any low-code connector" not in left
    assert left.startswith(TEXT.partition("[source-s3]")[0])
    assert "# Runs any low-code connector" in entries.without(TEXT, "source-s3")
