"""Generates a project: the platform's own connections and models, and as many more as are asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.local.platform import ROOT

OURS_CONNECTIONS, OURS_MODELS = 3, 6
CONNECTION = """
  - name: {name}
    source:
      connector: source-s3
      configuration:
        <<: *s3
        streams:
          - <<: *csv
            name: {name}
            globs: [generated/{name}.csv]
            columns: {{id: integer, value: string}}
    destination: warehouse
    streams:
      - name: {name}
        sync_mode: full_refresh_overwrite
        primary_key: [[id]]
        dbt_source: generated.{name}
        files: [generated/{name}.csv]
"""
SOURCES = """sources:
  - name: generated
    database: "{{ env_var('BQ_PROJECT') }}"
    schema: "{{ env_var('BQ_DATASET') }}"
    tables:
"""
MODEL = """  - name: {name}
    columns:
      - name: id
        data_tests: [unique, not_null]
"""


def generate(folder: Path, connections: int, models: int) -> dict[str, str]:
    """Write a project with so many connections and models into a folder; return the settings that name it.

    The first models read the generated tables; each further one reads the model of the row above, so that the graph
    is as deep as there are models for each table. Each has two data tests.
    """
    shutil.copytree(ROOT / "dbt_project", folder / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    shutil.copytree(ROOT / "seed_data", folder / "seed_data")
    tables = [f"table_{at:04d}" for at in range(connections - OURS_CONNECTIONS)]
    blocks = [CONNECTION.format(name=name) for name in tables]
    (folder / "connections.yaml").write_text((ROOT / "connections.yaml").read_text().rstrip() + "\n" + "".join(blocks))
    if tables:
        write_models(folder / "dbt_project/models/staging/generated", tables, models - OURS_MODELS)
    return {
        "CONNECTIONS_FILE": str(folder / "connections.yaml"),
        "DBT_PROJECT_DIR": str(folder / "dbt_project"),
        "DBT_PROFILES_DIR": str(folder / "dbt_project"),
        "SEED_DATA_DIR": str(folder / "seed_data"),
    }


def write_models(folder: Path, tables: list[str], models: int) -> None:
    """Write the source, the models and their tests."""
    folder.mkdir(parents=True)
    (folder / "_generated__sources.yml").write_text(SOURCES + "".join(f"      - name: {name}\n" for name in tables))
    names = [f"stg_generated_{at:04d}" for at in range(models)]
    (folder / "_generated__models.yml").write_text("models:\n" + "".join(MODEL.format(name=name) for name in names))
    for at, name in enumerate(names):
        above = f"source('generated', '{tables[at]}')" if at < len(tables) else f"ref('{names[at - len(tables)]}')"
        (folder / f"{name}.sql").write_text(f"select id, value from {{{{ {above} }}}}\n")  # noqa: S608 -- our own names


def content(rows: int = 3) -> bytes:
    """The content of each generated connection's file."""
    return ("id,value\n" + "".join(f"{at},value {at}\n" for at in range(rows))).encode()
