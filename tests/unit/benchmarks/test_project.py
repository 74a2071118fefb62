"""The generated projects."""

from pathlib import Path

import pytest

from benchmarks.growth.project import generate


@pytest.mark.parametrize(("connections", "models"), [(3, 6), (5, 12)])
def test_a_project_has_what_was_asked_for(tmp_path: Path, connections: int, models: int) -> None:
    settings = generate(tmp_path, connections, models)
    declared = Path(settings["CONNECTIONS_FILE"]).read_text()
    folder = Path(settings["DBT_PROJECT_DIR"]) / "models"
    names = {file.stem for file in folder.rglob("*.sql")}
    assert declared.count("dbt_source:") == connections
    assert len(names) == models
    for generated in folder.rglob("stg_generated_*.sql"):
        assert "ref('stg_generated_" in generated.read_text() or "source('generated', 'table_" in generated.read_text()


def test_a_model_after_the_tables_reads_the_model_above_it(tmp_path: Path) -> None:
    folder = Path(generate(tmp_path, 5, 12)["DBT_PROJECT_DIR"]) / "models/staging/generated"
    assert "source('generated', 'table_0001')" in (folder / "stg_generated_0001.sql").read_text()
    assert "ref('stg_generated_0001')" in (folder / "stg_generated_0003.sql").read_text()
