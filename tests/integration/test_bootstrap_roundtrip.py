"""The project's own file: applied, imported back, changed; and the launcher behind `make plan`."""

import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from connections_file import load
from tools.local.platform import ROOT, python

from .running import RunningPlatform

WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"


@dataclass
class Setup:
    """A copy of connections.yaml with a workspace of its own."""

    platform: RunningPlatform
    file: Path
    variables: dict[str, str]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.platform.run("bootstrap", "bootstrap", *arguments, **(self.variables | variables))

    def sync(self, connection: str) -> int:
        """Run a connection's sync and return the number of rows that it read."""
        with httpx.Client(base_url=f"{self.platform.airbyte_url}/api/public/v1", timeout=60) as http:
            query = {"workspaceIds": str(load(self.file, {}).workspace.id)}
            found = http.get("connections", params=query).raise_for_status().json()["data"]
            [connection_id] = [item["connectionId"] for item in found if item["name"] == connection]
            body = {"connectionId": connection_id, "jobType": "sync"}
            job = http.post("jobs", json=body).raise_for_status().json()
            while job["status"] in {"pending", "running"}:
                time.sleep(0.2)
                job = http.get(f"jobs/{job['jobId']}").raise_for_status().json()
        assert job["status"] == "succeeded", job
        rows: int = job["rowsSynced"]
        return rows

    def replace(self, *pairs: tuple[str, str]) -> None:
        text = self.file.read_text()
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        self.file.write_text(text)


@pytest.fixture
def setup(bootstrapped: RunningPlatform, dataset: str, tmp_path: Path) -> Iterator[Setup]:
    file = tmp_path / "connections.yaml"
    file.write_text((ROOT / "connections.yaml").read_text().replace(WORKSPACE, str(uuid.uuid4())))
    variables = {"CONNECTIONS_FILE": str(file), "BOOTSTRAP_STATE_DIR": str(tmp_path / "state"), "BQ_DATASET": dataset}
    setup = Setup(bootstrapped, file, variables)
    result = setup.run("apply")
    assert result.returncode == 0, result.stderr
    yield setup
    assert setup.run("destroy", "--yes").returncode == 0


def test_an_imported_workspace_has_an_empty_plan(setup: Setup, tmp_path: Path) -> None:
    workspace = str(load(setup.file, {}).workspace.id)
    result = setup.run("import", "--workspace", workspace)
    assert result.returncode == 0, result.stderr
    (tmp_path / "imported.yaml").write_text(result.stdout)
    names = [
        f"{table}_{key}".upper()
        for table in ("jaffle_shop_customers", "jaffle_shop_orders", "stripe_payments")
        for key in ("aws_access_key_id", "aws_secret_access_key")
    ]
    assert f"connections.env. Without Docker, you can also export them: {', '.join(names)}." in result.stderr
    variables = {"CONNECTIONS_FILE": str(tmp_path / "imported.yaml")} | dict.fromkeys(names, "test")
    setup.variables |= variables
    result = setup.run("plan", "--detailed-exitcode")
    assert (result.returncode, result.stdout.splitlines()[-1].partition(":")[0]) == (0, "No changes"), result.stdout
    missing = setup.run("plan", JAFFLE_SHOP_ORDERS_AWS_ACCESS_KEY_ID="")
    assert missing.returncode == 1
    assert "imported.yaml:" in missing.stderr
    assert "JAFFLE_SHOP_ORDERS_AWS_ACCESS_KEY_ID is not set" in missing.stderr


def test_a_connection_renamed_and_another_removed(setup: Setup) -> None:
    assert setup.sync("stripe_payments") > 100
    text = setup.file.read_text()
    removed, kept = text.index("\n  - name: jaffle_shop_orders\n"), text.index("\n  - name: stripe_payments\n")
    setup.file.write_text(text[:removed] + text[kept:])
    setup.replace(("\n  - name: stripe_payments\n", "\n  - name: payments\n"))  # the source is called like it
    result = setup.run("plan", "--detailed-exitcode")
    assert result.returncode == 2, result.stderr
    assert [line.rstrip() for line in result.stdout.splitlines() if not line.startswith("  ")] == [
        "~ source       payments                               update",
        "- source       jaffle_shop_orders                     delete (needs --prune)",
        "~ connection   payments                               update",
        "- connection   jaffle_shop_orders                     delete (needs --prune)",
        "",
        "Plan: 0 to create, 2 to update, 0 to replace, 2 to delete, 4 unchanged.",
        "2 of them need --prune, at least in part: make apply o=--prune",
    ]
    assert result.stdout.count('name: "stripe_payments" → "payments"') == 2
    assert result.stdout.count("sync state") == 1
    assert "the sync state of jaffle_shop_orders is lost; the tables stay" in result.stdout
    assert setup.run("apply", "--prune", "--yes").returncode == 0
    assert setup.run("plan", "--detailed-exitcode").returncode == 0
    assert setup.sync("payments") == 0  # its state was kept: the file has not changed since


def test_a_mistake_in_the_arguments_is_not_taken_for_changes(setup: Setup) -> None:
    assert setup.run("plan", "--detailed-exitcode", "--nonsense").returncode == 1


def test_the_launcher_runs_the_commands_on_the_given_airbyte(setup: Setup, tmp_path: Path) -> None:
    def make(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = setup.platform.environment | setup.variables | {"PATH": os.environ["PATH"]}
        command = [python("bootstrap"), "-m", "tools.local.airbyte", *arguments]
        return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)

    assert json.loads(make("plan", "--json").stdout)["summary"]["unchanged"] == 8
    imported, workspace = tmp_path / "imported.yaml", str(load(setup.file, {}).workspace.id)
    assert make("import", str(imported), "--workspace", workspace).returncode == 0
    assert len(load(imported, {}).connections) == 3
    again = make("import", str(imported), "--workspace", workspace)
    assert (again.returncode, "exists already" in again.stderr) == (1, True)
    failed = make("import", str(tmp_path / "other.yaml"), "--workspace", "nonsense")
    assert (failed.returncode, (tmp_path / "other.yaml").exists()) == (1, False)
