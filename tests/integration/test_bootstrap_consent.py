"""A connection that is cut out of the file and pasted back loses nothing; and how apply asks for consent."""

import json
import os
import pty
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tools.local.platform import ROOT

from .running import RunningPlatform
from .syncs import Syncs

HEAD = """\
workspace: {id: $WORKSPACE, name: Consent}
destinations:
  - name: warehouse
    connector: destination-bigquery
    configuration:
      project_id: local-dev
      dataset_id: $DATASET
      dataset_location: US
      loading_method: {method: Standard}
connections:
"""
BLOCK = """\
  - name: $NAME
    source:
      connector: source-s3
      configuration:
        bucket: $BUCKET
        endpoint: ${AWS_ENDPOINT_URL_S3}
        region_name: us-east-1
        credentials:
          auth_type: iam_user
          aws_access_key_id: ${AWS_ACCESS_KEY_ID}
          aws_secret_access_key: ${AWS_SECRET_ACCESS_KEY}
        streams: [{name: $NAME, globs: ["$NAME.csv"], format: {filetype: csv}}]
    destination: warehouse
    streams: [{name: $NAME, sync_mode: incremental_append, dbt_source: shop.$NAME}]
"""


@dataclass
class Declared:
    """A workspace of its own with two incremental connections, `orders` and `customers`."""

    platform: RunningPlatform
    syncs: Syncs
    directory: Path
    bucket: str
    dataset: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def declare(self, *names: str) -> None:
        """Have the file declare these connections."""
        text = HEAD + ("".join(BLOCK.replace("$NAME", name) for name in names) or "  []\n")
        for name, value in (("WORKSPACE", self.id), ("DATASET", self.dataset), ("BUCKET", self.bucket)):
            text = text.replace(f"${name}", value)
        (self.directory / "connections.yaml").write_text(text)

    @property
    def variables(self) -> dict[str, str]:
        """The environment of bootstrap."""
        return {
            "CONNECTIONS_FILE": str(self.directory / "connections.yaml"),
            "BOOTSTRAP_STATE_DIR": str(self.directory / "state"),
        }

    def bootstrap(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.platform.run("bootstrap", "bootstrap", *arguments, **self.variables)

    def apply(self, *options: str) -> str:
        result = self.bootstrap("apply", *options)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def answer(self, text: str) -> tuple[int, str]:
        """Run `apply --prune` on a terminal and type this answer; return the exit code and the output."""
        command, environment = self.platform.settings.command("bootstrap", "bootstrap", "apply", "--prune")
        ours, terminal = pty.openpty()
        process = subprocess.Popen(
            command, env=environment | self.variables, cwd=ROOT, stdin=terminal, stdout=terminal, stderr=terminal
        )
        os.close(terminal)
        os.write(ours, text.encode())
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # Linux's end of a terminal
            pass
        os.close(ours)
        return process.wait(60), shown.decode()

    def connections(self) -> dict[str, str]:
        """The ids of the workspace's connections by name."""
        listed = self.syncs.call("GET", f"connections?workspaceIds={self.id}")["data"]
        return {item["name"]: item["connectionId"] for item in listed}

    def rows(self, table: str) -> list[int]:
        return [
            int(row[0]) for row in self.syncs.rows(f"select id from `local-dev`.{self.dataset}.{table} order by id")
        ]


@pytest.fixture
def declared(
    platform: RunningPlatform,
    syncs: Syncs,
    bucket: str,
    put: Callable[[str, str], None],
    dataset: str,
    tmp_path: Path,
) -> Declared:
    for name in ("orders", "customers"):
        put(f"{name}.csv", "id\n1\n2\n")
    found = Declared(platform, syncs, tmp_path, bucket, dataset)
    found.declare("orders", "customers")
    found.apply()
    return found


def test_a_block_cut_out_and_pasted_back_appends_no_row_twice(declared: Declared) -> None:
    before = declared.connections()
    declared.syncs.sync(before["orders"])
    assert declared.rows("orders") == [1, 2]
    declared.declare("customers")
    told = declared.apply()
    assert told.splitlines()[-1].endswith("make apply o=--prune")
    assert "the sync state of orders" in told
    plan = declared.bootstrap("plan", "--json", "--detailed-exitcode")
    remains = [(c["kind"], c["name"], c["action"]) for c in json.loads(plan.stdout)["changes"] if c["needs_consent"]]
    assert (plan.returncode, remains) == (2, [("source", "orders", "delete"), ("connection", "orders", "delete")])
    declared.declare("orders", "customers")
    declared.apply()
    assert declared.bootstrap("plan", "--detailed-exitcode").returncode == 0
    assert declared.connections() == before
    declared.syncs.sync(before["orders"])
    assert declared.rows("orders") == [1, 2]


def test_a_connection_that_is_left_goes_on(declared: Declared, put: Callable[[str, str], None]) -> None:
    orders = declared.connections()["orders"]
    declared.syncs.sync(orders)
    declared.declare("customers")
    declared.apply()
    put("orders.csv", "id\n3\n")
    declared.syncs.sync(orders)
    assert declared.rows("orders") == [1, 2, 3]


def test_consent(declared: Declared) -> None:
    before = declared.connections()
    declared.declare("customers")
    refused = declared.bootstrap("apply", "--prune")
    assert refused.returncode == 1
    assert "make apply o='--prune --yes'" in refused.stderr
    for answer in ("n\n", "\n"):
        code, shown = declared.answer(answer)
        assert code == 1
        assert "connection   orders" in shown
        assert "customers" not in shown
        assert declared.connections() == before
    code, shown = declared.answer("y\n")
    assert code == 0, shown
    assert declared.connections() == {"customers": before["customers"]}
    declared.declare()
    told = declared.apply("--prune", "--yes")
    assert "connection   customers" in told
    assert declared.connections() == {}
    assert declared.bootstrap("plan", "--detailed-exitcode").returncode == 0
