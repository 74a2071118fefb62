"""An asset key that a landing table shares with a dbt model or a file is refused with the stream's place."""

from pathlib import Path

import dagster as dg
import pytest

from connections_file import ConnectionsFileError, load
from orchestrator.taken_keys import refuse_taken_keys

FILE = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Test}
sources:
  - {name: s, connector: source-custom, configuration: {}}
destinations:
  - {name: d, connector: destination-bigquery, configuration: {project_id: p, dataset_id: lake}}
connections:
  - name: c
    source: s
    destination: d
    streams:
      - {name: orders, sync_mode: full_refresh_append, dbt_source: shop.orders, files: [people]}
      - {name: people, sync_mode: full_refresh_append, dbt_source: s3.people}
"""


@pytest.mark.parametrize(
    ("models", "place", "owner"),
    [([["shop", "orders"]], "connections.yaml:11", "dbt model"), ([["shop", "people"]], "connections.yaml:12", "file")],
)
def test_a_taken_key_is_refused(tmp_path: Path, models: list[list[str]], place: str, owner: str) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text(FILE)
    with pytest.raises(ConnectionsFileError) as caught:
        refuse_taken_keys(load(path, {}).connections, [dg.AssetKey(model) for model in models])
    for fact in (place, owner, "Rename the dbt source"):
        assert fact in str(caught.value)


def test_other_keys_are_not_refused(tmp_path: Path) -> None:
    path = tmp_path / "connections.yaml"
    path.write_text(FILE.replace("files: [people]", "files: [shop/orders]"))
    refuse_taken_keys(load(path, {}).connections, [dg.AssetKey(["trusted", "orders"])])
