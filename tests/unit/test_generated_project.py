"""The generator of projects of any size."""

from pathlib import Path

import connections_file
from tests.generated_project import write


def test_a_project_has_so_many_connections_and_models(tmp_path: Path) -> None:
    made = write(tmp_path / "project", connections=3, models=7)
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    declared = connections_file.load(made.connections, keys)
    assert [each.name for each in declared.connections] == ["table_1", "table_2", "table_3"]
    assert {path.name for path in made.files.iterdir()} == {f"{each.name}.csv" for each in declared.connections}
    models = sorted(path.stem for path in (made.dbt_project / "models").rglob("*.sql"))
    assert len(models) == 7
    assert {"stg_table_1", "mart_table_1_2", "mart_table_1_3", "stg_table_3", "mart_table_3_2"} < {*models}
