"""A project of any size: connections of one small file each, and dbt models in chains. `write` makes it in a folder.

`python -m tests.generated_project FOLDER CONNECTIONS MODELS` makes one to look at.
"""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.local.platform import ROOT

HEAD = """\
workspace: {{id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Generated}}
x-s3: &s3
  bucket: ${{S3_BUCKET:-jaffle-shop}}
  endpoint: ${{AWS_ENDPOINT_URL_S3:-}}
  region_name: ${{AWS_DEFAULT_REGION:-us-east-1}}
  credentials:
    auth_type: iam_user
    aws_access_key_id: ${{AWS_ACCESS_KEY_ID}}
    aws_secret_access_key: ${{AWS_SECRET_ACCESS_KEY}}
  delivery_method: {{delivery_type: use_records_transfer}}
x-csv: &csv
  validation_policy: Emit Record
  format: {{filetype: csv, encoding: utf-8-sig, null_values: [""]}}
destinations:
  - name: warehouse
    connector: destination-bigquery
    configuration:
      project_id: ${{BQ_PROJECT:-local-dev}}
      dataset_id: ${{BQ_DATASET:-jaffle}}
      dataset_location: US
      loading_method: {{method: Standard}}
connections:
{connections}"""
CONNECTION = """\
  - name: {name}
    source:
      connector: source-s3
      configuration:
        <<: *s3
        streams:
          - <<: *csv
            name: {name}
            globs: [generated/{name}.csv]
            columns: {{id: integer, amount: integer, status: string}}
    destination: warehouse
    streams:
      - name: {name}
        sync_mode: full_refresh_overwrite
        primary_key: [[id]]
        dbt_source: generated.{name}
        files: [generated/{name}.csv]
"""
SOURCES = """\
version: 2
sources:
  - name: generated
    database: "{{ env_var('BQ_PROJECT', 'local-dev') }}"
    schema: "{{ env_var('BQ_DATASET', 'jaffle') }}"
    config: {loaded_at_field: _airbyte_extracted_at, freshness: {error_after: {count: 24, period: hour}}}
    tables:
"""
SOURCE = "      - {{name: {name}, data_tests: [{{unique: {{arguments: {{column_name: id}}}}}}]}}\n"
MODEL = """\
  - name: {name}
    description: One row for each record of {source}.
    columns:
      - {{name: id, description: The record's number., data_tests: [unique, not_null]}}
      - {{name: amount, description: Whole cents.}}
      - name: status
        data_tests: [{{accepted_values: {{arguments: {{values: [placed, shipped]}}}}}}]
"""


@dataclass(frozen=True)
class Generated:
    """A generated project: its connections file, its dbt project, and the folder of its files."""

    connections: Path
    dbt_project: Path
    files: Path

    def variables(self) -> dict[str, str]:
        """Return what the platform's processes read to use it."""
        return {"CONNECTIONS_FILE": str(self.connections), "DBT_PROJECT_DIR": str(self.dbt_project)}


def write(folder: Path, connections: int, models: int) -> Generated:
    """Write a project into a folder.

    Connection `table_7` loads the bucket's object `generated/table_7.csv`; its content is `files/table_7.csv`. The view
    `stg_table_7` reads its table, and the tables `mart_table_7_2`, `mart_table_7_3`, … each read the model before.
    The models are shared out equally; each has three tests, and each landing table one.
    """
    made = Generated(folder / "connections.yaml", folder / "dbt_project", folder / "files")
    names = [f"table_{number}" for number in range(1, connections + 1)]
    made.connections.parent.mkdir(parents=True, exist_ok=True)
    made.connections.write_text(HEAD.format(connections="".join(CONNECTION.format(name=name) for name in names)))
    made.files.mkdir()
    _copy_project(made.dbt_project)
    sources = "".join(SOURCE.format(name=name) for name in names)
    (made.dbt_project / "models/sources.yml").write_text(SOURCES + sources)
    for number, name in enumerate(names):
        (made.files / f"{name}.csv").write_text("id,amount,status\n1,100,placed\n2,250,shipped\n")
        _write_models(made.dbt_project / "models", name, models // connections + (number < models % connections))
    return made


def _copy_project(folder: Path) -> None:
    """Copy the dbt project without its models: the macros, the generic tests and the profile are the platform's."""
    left_out = shutil.ignore_patterns("target", "logs", "models", "snapshots")
    shutil.copytree(ROOT / "dbt_project", folder, ignore=left_out)
    for layer in ("staging", "trusted"):
        (folder / "models" / layer).mkdir(parents=True)


def _write_models(folder: Path, name: str, count: int) -> None:
    before = f"source('generated', '{name}')"
    for number in range(1, count + 1):
        layer, model = ("staging", f"stg_{name}") if number == 1 else ("trusted", f"mart_{name}_{number}")
        (folder / layer / f"{model}.sql").write_text(f"select id, amount, status\nfrom {{{{ {before} }}}}\n")
        description = MODEL.format(name=model, source=name)
        (folder / layer / f"_{model}.yml").write_text(f"version: 2\nmodels:\n{description}")
        before = f"ref('{model}')"


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
