"""The walk-through of docs/new-source.md, command by command: a file becomes a table, a model, a part of the graph."""

import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.cloud import bigquery as google_bigquery

from connections_file import load
from orchestrator.new_source import files
from source_texts.errors import SourceError
from tools.local.platform import ROOT

from .running import RunningPlatform

PAGE, README = (ROOT / "docs/new-source.md").read_text(), (ROOT / "README.md").read_text()
OUTSIDE_OF_MAKE = {"MAKELEVEL": "0", "MAKEFLAGS": ""}
"""`make test` calls the tests, with options of its own."""
GRAPH = """
import json
from orchestrator.definitions import defs
graph = defs.resolve_asset_graph()
nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
print(json.dumps({
    node.key.to_user_string(): sorted(parent.to_user_string() for parent in node.parent_keys) for node in nodes
}))
"""


@dataclass
class Checkout:
    """A copy of the files that the walk-through changes, with a workspace, a bucket and a dataset of its own."""

    directory: Path
    variables: dict[str, str]

    def content(self) -> dict[str, bytes]:
        """Return the files that the commands may change."""
        paths = [self.directory / "connections.yaml"]
        paths += [path for name in ("seed_data", "dbt_project") for path in (self.directory / name).rglob("*")]
        return {
            str(path.relative_to(self.directory)): path.read_bytes()
            for path in paths
            if path.is_file() and not {"target", "logs", ".user.yml"} & set(path.parts)
        }

    def shell(self, line: str, variables: dict[str, str]) -> str:
        """Run a line of the walk-through; return what it prints."""
        line = line.replace("jaffle_staging", f"{self.variables['BQ_DATASET']}_staging")
        result = subprocess.run(
            ["bash", "-euc", line],
            cwd=self.directory,
            env=os.environ | OUTSIDE_OF_MAKE | variables | self.variables,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


def walk_through() -> list[str]:
    """Return the commands of the walk-through."""
    [found] = re.findall(r"^```sh\n(.*?)^```$", PAGE.partition("## Walk-through\n")[2], flags=re.MULTILINE | re.DOTALL)[
        :1
    ]
    return str(found).splitlines()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    directory = tmp_path_factory.mktemp("own_data")
    for name in ("Makefile", "tools", ".venvs"):
        (directory / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "seed_data", directory / "seed_data")
    declared = (ROOT / "connections.yaml").read_text()
    (directory / "connections.yaml").write_text(
        re.sub(r"^  id: .*$", f"  id: {uuid.uuid4()}", declared, count=1, flags=re.M)
    )
    ignored = shutil.ignore_patterns("target", "logs")
    shutil.copytree(ROOT / "dbt_project", directory / "dbt_project", ignore=ignored)
    (directory / "dagster").mkdir()
    shutil.copy(ROOT / "services/orchestrator/dagster-local.yaml", directory / "dagster/dagster.yaml")
    name = f"own_data_{uuid.uuid4().hex[:12]}"
    variables = {
        "SEED_DATA_DIR": str(directory / "seed_data"),
        "CONNECTIONS_FILE": str(directory / "connections.yaml"),
        "DBT_PROJECT_DIR": str(directory / "dbt_project"),
        "BOOTSTRAP_STATE_DIR": str(directory / "state"),
        "DAGSTER_HOME": str(directory / "dagster"),
        "S3_BUCKET": name.replace("_", "-"),
        "BQ_DATASET": name,
    }
    return Checkout(directory, variables)


@pytest.fixture
def dataset(bigquery: google_bigquery.Client, checkout: Checkout) -> Iterator[str]:
    name = checkout.variables["BQ_DATASET"]
    yield name
    for suffix in ("", "_staging", "_trusted", "_test_failures"):
        bigquery.delete_dataset(f"{name}{suffix}", delete_contents=True, not_found_ok=True)


def dagster(platform: RunningPlatform, variables: dict[str, str], *arguments: str) -> str:
    """Run Python in the orchestrator's environment; return all that it wrote."""
    (python, *_), environment = platform.settings.command("orchestrator")
    # Not in the repository: dagster would prefer a .env there to its environment.
    home = variables["DAGSTER_HOME"]
    result = platform.commands.run("orchestrator", [python, *arguments], environment | variables, home)
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stderr + result.stdout


def run(platform: RunningPlatform, checkout: Checkout) -> str:
    """Do what `make dev` does after a change of the files, and what `make run` does, for the new assets only."""
    for command in ("seed", "apply"):
        result = platform.run("bootstrap", "bootstrap", command, **checkout.variables)
        assert result.returncode == 0, result.stdout + result.stderr
    selection = 'key:"refunds/refunds" or key:"staging/stg_refunds"'
    arguments = ("-m", "dagster", "asset", "materialize", "-m", "orchestrator.definitions", "--select", selection)
    return dagster(platform, checkout.variables, *arguments)


def test_the_walk_through(platform: RunningPlatform, checkout: Checkout, dataset: str) -> None:
    write, new_source, make_run, query, remove_source = walk_through()
    before = checkout.content()
    variables = {"BIGQUERY_EMULATOR_HOST": platform.warehouse_url}

    checkout.shell(write, variables)
    said = checkout.shell(new_source, variables)
    [shown] = re.findall(r"^```text\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)[:1]
    # The command names the file by its whole path.
    assert shown.splitlines()[1:] == said.splitlines()[1 : len(shown.splitlines())]
    [block] = re.findall(r"^```yaml\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)[:1]
    connections = checkout.directory / "connections.yaml"
    assert connections.read_text().endswith("\n" + block)
    assert load(connections, {}).connections[-1].name == "refunds"

    assert make_run == "make run"
    graph = dagster(platform, checkout.variables, "-c", GRAPH)
    parents = json.loads(graph.splitlines()[-1])
    assert {key: value for key, value in parents.items() if "refunds" in key} == {
        "s3/jaffle_shop/refunds.csv": [],
        "refunds/refunds": ["s3/jaffle_shop/refunds.csv"],
        "staging/stg_refunds": ["refunds/refunds"],
    }
    assert "2 rows in the table, 2 records in the file" in run(platform, checkout)
    rows = [line.split() for line in checkout.shell(query, variables).splitlines() if "2018" in line]
    assert [(row[0], row[2], row[3]) for row in rows] == [("1", "02134", "2018-01-09"), ("2", "10115", "2018-01-10")]
    assert [float(row[1]) for row in rows] == [1.5, 12.25]

    checkout.shell(remove_source, variables)
    assert checkout.content() == before


@pytest.mark.usefixtures("variables")
def test_objects_of_the_bucket_are_read_where_they_are(
    bucket: str, put: Callable[[str, str], None], tmp_path: Path
) -> None:
    for number in (1, 2):
        put(f"days/{number}.csv", f"id\n{number}\n")
    folder = files.in_bucket(f"s3://{bucket}/days/", bucket, tmp_path / "a")
    assert (folder.keys, folder.glob) == (["days/1.csv", "days/2.csv"], "days/*.csv")
    assert [path.read_text() for path in folder.paths] == ["id\n1\n", "id\n2\n"]
    one = files.in_bucket(f"s3://{bucket}/days/1.csv", bucket, tmp_path / "b")
    assert (one.keys, one.glob, one.copies) == (["days/1.csv"], "days/1.csv", [])
    for address, told in ((f"s3://{bucket}/days/3.csv", "not found"), ("s3://other/days/", bucket)):
        with pytest.raises(SourceError, match=told):
            files.in_bucket(address, bucket, tmp_path / "c")
