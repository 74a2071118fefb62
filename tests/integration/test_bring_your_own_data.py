"""The README's "Bring your own data", done as it says: a fourth file, one block, one table of a dbt source."""

import json
import re
import shutil
import uuid
from collections.abc import Iterator

import pytest
from google.cloud import bigquery as google_bigquery

from connections_file import load
from tools.local.platform import ROOT

from .running import RunningPlatform

README = (ROOT / "README.md").read_text()
SOURCES = "models/staging/jaffle_shop/_jaffle_shop__sources.yml"
GRAPH = """
import json
from orchestrator.definitions import defs
graph = defs.resolve_asset_graph()
nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
print(json.dumps({
    node.key.to_user_string(): sorted(parent.to_user_string() for parent in node.parent_keys) for node in nodes
}))
"""


def block() -> str:
    """Return the README's block for connections.yaml, as a reader copies it."""
    steps = README.partition("## Bring your own data\n")[2].partition("\n## ")[0]
    [found] = re.findall(r"^   ```yaml\n(.*?)^   ```$", steps, flags=re.MULTILINE | re.DOTALL)
    assert f"`- name: refunds` at the end of\n   `dbt_project/{SOURCES}`" in steps
    return re.sub("^   ", "", found, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Copies of what the steps change, changed, in a workspace, a bucket and a dataset of their own."""
    directory = tmp_path_factory.mktemp("own_data")
    shutil.copytree(ROOT / "seed_data", directory / "seed_data")
    (directory / "seed_data/refunds.csv").write_text("id,order_id,amount\n1,3,100\n2,5,250\n")
    declared = re.sub(
        r"^  id: .*$", f"  id: {uuid.uuid4()}", (ROOT / "connections.yaml").read_text(), count=1, flags=re.M
    )
    (directory / "connections.yaml").write_text(declared + "\n" + block())
    project = directory / "dbt_project"
    shutil.copytree(ROOT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs"))
    with (project / SOURCES).open("a") as sources:
        sources.write("      - name: refunds\n")
    model = project / "models/staging/jaffle_shop/stg_refunds.sql"
    model.write_text("select id, amount / 100 as amount from {{ source('jaffle_shop', 'refunds') }}\n")
    (directory / "dagster").mkdir()
    shutil.copy(ROOT / "services/orchestrator/dagster-local.yaml", directory / "dagster/dagster.yaml")
    name = f"own_data_{uuid.uuid4().hex[:12]}"
    return {
        "SEED_DATA_DIR": str(directory / "seed_data"),
        "CONNECTIONS_FILE": str(directory / "connections.yaml"),
        "DBT_PROJECT_DIR": str(project),
        "BOOTSTRAP_STATE_DIR": str(directory / "state"),
        "DAGSTER_HOME": str(directory / "dagster"),
        "S3_BUCKET": name.replace("_", "-"),
        "BQ_DATASET": name,
    }


def dagster(platform: RunningPlatform, variables: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Run Python in the orchestrator's environment; return the exit code and all that it wrote."""
    (python, *_), environment = platform.settings.command("orchestrator")
    # Not in the repository: dagster would prefer a .env there to its environment.
    home = variables["DAGSTER_HOME"]
    result = platform.commands.run("orchestrator", [python, *arguments], environment | variables, home)
    return result.returncode, result.stderr + result.stdout


def test_the_block_is_a_source_and_a_connection(variables: dict[str, str]) -> None:
    file, before = load(variables["CONNECTIONS_FILE"], {}), load(ROOT / "connections.yaml", {})
    assert [source.name for source in file.sources] == [*(source.name for source in before.sources), "refunds"]
    assert [item.name for item in file.connections] == [*(item.name for item in before.connections), "refunds"]
    new, like = file.sources[-1].configuration, before.sources[-1].configuration
    assert new | {"streams": []} == like | {"streams": []}
    assert new["streams"] == [
        like["streams"][0]
        | {
            "name": "refunds",
            "globs": ["jaffle_shop/refunds.csv"],
            "columns": {"id": "integer", "order_id": "integer", "amount": "integer"},
        },
    ]
    assert file.connections[-1].source == "refunds"


def test_the_graph_has_the_table_between_its_file_and_its_model(
    local_platform: RunningPlatform, variables: dict[str, str]
) -> None:
    code, output = dagster(local_platform, variables, "-c", GRAPH)
    assert code == 0, output
    parents = json.loads(output.splitlines()[-1])
    assert {key: value for key, value in parents.items() if "refunds" in key} == {
        "s3/jaffle_shop/refunds.csv": [],
        "jaffle_shop/refunds": ["s3/jaffle_shop/refunds.csv"],
        "staging/stg_refunds": ["jaffle_shop/refunds"],
    }
    assert parents["trusted/dim_customers"] == ["staging/stg_customers", "trusted/fct_orders"]


@pytest.fixture
def dataset(bigquery: google_bigquery.Client, variables: dict[str, str]) -> Iterator[str]:
    name = variables["BQ_DATASET"]
    yield name
    for suffix in ("", "_staging", "_trusted"):
        bigquery.delete_dataset(f"{name}{suffix}", delete_contents=True, not_found_ok=True)


def test_it_is_loaded_counted_and_modelled(
    platform: RunningPlatform, variables: dict[str, str], bigquery: google_bigquery.Client, dataset: str
) -> None:
    for command in ("seed", "apply"):
        result = platform.run("bootstrap", "bootstrap", command, **variables)
        assert result.returncode == 0, result.stdout + result.stderr
    created = [line.split()[:2] for line in result.stdout.splitlines() if line.endswith("created")]
    assert ["source", "refunds"] in created
    assert ["connection", "refunds"] in created
    selection = ("--select", 'key:"jaffle_shop/refunds" or key:"staging/stg_refunds"')
    arguments = ("-m", "dagster", "asset", "materialize", "-m", "orchestrator.definitions", *selection)
    code, output = dagster(platform, variables, *arguments)
    assert code == 0, output
    assert "2 rows in the table, 2 records in the file" in output
    rows = bigquery.query_and_wait(f"select id, amount from {dataset}_staging.stg_refunds order by id")
    assert [tuple(row) for row in rows] == [(1, 1.0), (2, 2.5)]
