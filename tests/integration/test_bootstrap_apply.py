"""Plan, apply and destroy against a running airbyte-lite, watched by a proxy that records."""

import json
import re
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving import serving

from .interruptions import Proxy
from .running import RunningPlatform

FILE = """\
workspace: {id: $WORKSPACE, name: Bootstrap test}
sources:
  - name: orders
    connector: source-s3
    configuration:
      bucket: ${BUCKET:-$BUCKET}
      endpoint: ${AWS_ENDPOINT_URL_S3}
      credentials:
        auth_type: iam_user
        aws_access_key_id: ${AWS_ACCESS_KEY_ID}
        aws_secret_access_key: ${AWS_SECRET_ACCESS_KEY}
      streams:
        - name: orders
          globs: ["${GLOB:-*.csv}"]
          format: {filetype: csv}
destinations:
  - name: warehouse
    connector: destination-bigquery
    configuration:
      project_id: local-dev
      dataset_id: $DATASET
      dataset_location: US
      loading_method: {method: Standard}
connections:
  - name: orders
    source: orders
    destination: warehouse
    streams:
      - name: orders
        sync_mode: ${SYNC_MODE:-full_refresh_overwrite}
        primary_key: [[id]]
        dbt_source: shop.orders
"""
CREATED = {"workspace": "created", "source": "created", "destination": "created", "connection": "created"}
UNCHANGED = dict.fromkeys(CREATED, "unchanged")


@pytest.fixture
def proxy(platform: RunningPlatform) -> Iterator[Proxy]:
    with serving(Proxy(platform.airbyte_url)) as server:
        yield server


@dataclass
class Workspace:
    """A workspace of its own, bootstrap's commands on it, and the API as another user would use it."""

    platform: RunningPlatform
    proxy: Proxy
    directory: Path
    id: str
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def writes(self) -> list[str]:
        """The last command's writes: "PUT sources"."""
        paths = [(request.method, request.path.split("/")) for request in self.proxy.requests if request.writes]
        return [f"{method} {path[4 if 'public' in path else 3]}" for method, path in paths]

    def bootstrap(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        self.proxy.requests.clear()
        return self.platform.run("bootstrap", "bootstrap", *arguments, **self.variables, **variables)

    def apply(self, **variables: str) -> dict[str, str]:
        """Apply, and return each object's outcome by kind."""
        result = self.bootstrap("apply", **variables)
        assert result.returncode == 0, result.stderr
        return {line[:12].strip(): line[52:] for line in result.stdout.splitlines()}

    def plan(self, **variables: str) -> tuple[int, dict[str, Any]]:
        """Plan, and return the exit code and the objects that change, by kind."""
        result = self.bootstrap("plan", "--json", "--detailed-exitcode", **variables)
        assert not self.writes, "a plan only reads"
        changes = json.loads(result.stdout)["changes"]
        return result.returncode, {item["kind"]: item for item in changes if item["action"] != "unchanged"}

    def request(self, method: str, path: str, body: Any = None, query: Any = None) -> Any:
        url = f"{self.platform.airbyte_url}/api/public/v1/{path}"
        answer = httpx.request(method, url, json=body, params=query, timeout=60)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def objects(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.request("GET", f"{kind}s", query={"workspaceIds": self.id})["data"]
        return found

    def id_of(self, kind: str) -> str:
        [found] = self.objects(kind)
        return str(found[f"{kind}Id"])


@pytest.fixture
def workspace(
    platform: RunningPlatform,
    proxy: Proxy,
    bucket: str,
    put: Callable[[str, str], None],
    dataset: str,
    tmp_path: Path,
) -> Workspace:
    put("orders.csv", "id,status\n1,placed\n")
    workspace_id = str(uuid.uuid4())
    text = FILE.replace("$WORKSPACE", workspace_id).replace("$BUCKET", bucket).replace("$DATASET", dataset)
    (tmp_path / "connections.yaml").write_text(text)
    variables = {
        "AIRBYTE_URL": f"http://127.0.0.1:{proxy.server_port}",
        "CONNECTIONS_FILE": str(tmp_path / "connections.yaml"),
        "BOOTSTRAP_STATE_DIR": str(tmp_path / "state"),
    }
    return Workspace(platform, proxy, tmp_path, workspace_id, variables)


def test_twice(workspace: Workspace) -> None:
    assert workspace.apply() == CREATED
    assert workspace.writes == ["POST workspaces", "POST sources", "POST destinations", "POST connections"]
    assert workspace.apply() == UNCHANGED
    assert workspace.writes == []
    assert workspace.plan() == (0, {})


def test_what_airbyte_holds(workspace: Workspace) -> None:
    workspace.apply(SYNC_MODE="incremental_deduped_history")
    [connection] = workspace.objects("connection")
    [stream] = connection["configurations"]["streams"]
    assert connection["name"] == "orders"
    assert connection["schedule"]["scheduleType"] == "manual"
    assert connection["nonBreakingSchemaUpdatesBehavior"] == "propagate_columns"
    assert (stream["name"], stream["syncMode"]) == ("orders", "incremental_deduped_history")
    assert stream["primaryKey"] == [["id"]]
    assert workspace.plan(SYNC_MODE="incremental_deduped_history") == (0, {})


@pytest.mark.parametrize(
    ("place", "setting", "told"),
    [
        ("    destination: warehouse", "namespace_definition: source", r"422 to POST .*namespaceDefinition"),
        (
            "    destination: warehouse",
            "namespace_definition: custom_format\n    namespace_format: raw",
            r"422 to POST .*namespaceDefinition",
        ),
        ("        primary_key: [[id]]", "namespace: shop", r"422 to POST .*no stream shop\.orders"),
    ],
)
def test_what_airbyte_lite_does_not_have_is_an_error(workspace: Workspace, place: str, setting: str, told: str) -> None:
    file = workspace.directory / "connections.yaml"
    indent = place[: len(place) - len(place.lstrip())]
    file.write_text(file.read_text().replace(f"{place}\n", f"{place}\n{indent}{setting}\n"))
    result = workspace.bootstrap("apply")
    assert result.returncode == 1
    assert re.search(told, result.stderr), result.stderr


def test_a_change_in_the_file(workspace: Workspace) -> None:
    workspace.apply()
    exit_code, changes = workspace.plan(GLOB="orders*.csv", SYNC_MODE="full_refresh_append")
    assert exit_code == 2
    assert {kind: change["fields"] for kind, change in changes.items()} == {
        "source": [{"path": "streams[0].globs[0]", "old": "*.csv", "new": "orders*.csv"}],
        "connection": [
            {"path": "streams.orders.syncMode", "old": "full_refresh_overwrite", "new": "full_refresh_append"}
        ],
    }
    outcomes = workspace.apply(GLOB="orders*.csv", SYNC_MODE="full_refresh_append")
    outcomes["connection"], _, told = outcomes["connection"].partition("; ")
    assert outcomes == UNCHANGED | {
        "source": "updated (streams[0].globs[0])",
        "connection": "updated (streams.orders.syncMode)",
    }
    assert "orders: the next sync" in told  # it appends the rows a second time
    assert workspace.writes == ["PUT sources", "PATCH connections"]
    assert workspace.plan(GLOB="orders*.csv", SYNC_MODE="full_refresh_append") == (0, {})


def test_a_changed_secret(workspace: Workspace) -> None:
    workspace.apply()
    exit_code, changes = workspace.plan(AWS_SECRET_ACCESS_KEY="another-secret")
    assert exit_code == 2
    field = {"path": "credentials.aws_secret_access_key", "secret": True, "suspected": False}
    assert changes["source"]["fields"] == [field]
    text = workspace.bootstrap("plan", AWS_SECRET_ACCESS_KEY="another-secret").stdout
    assert "credentials.aws_secret_access_key: changed (secret)" in text
    assert "another-secret" not in text
    outcome = workspace.apply(AWS_SECRET_ACCESS_KEY="another-secret")
    assert outcome == UNCHANGED | {"source": "updated (credentials.aws_secret_access_key)"}
    assert workspace.plan(AWS_SECRET_ACCESS_KEY="another-secret") == (0, {})
    assert "another-secret" not in (workspace.directory / "state/state.json").read_text()


def test_edits_by_hand_are_undone(workspace: Workspace) -> None:
    workspace.apply()
    source, connection = workspace.id_of("source"), workspace.id_of("connection")
    edit = {"name": "by hand", "configuration": {"start_date": "2021-01-01T00:00:00.000000Z"}}
    workspace.request("PATCH", f"sources/{source}", edit)
    workspace.request("PATCH", f"connections/{connection}", {"status": "inactive", "prefix": "x_"})
    exit_code, changes = workspace.plan()
    assert exit_code == 2
    assert {kind: {item["path"] for item in change["fields"]} for kind, change in changes.items()} == {
        "source": {"name", "start_date"},
        "connection": {"status", "prefix"},
    }
    workspace.apply()
    assert workspace.plan() == (0, {})
    assert (workspace.id_of("source"), workspace.id_of("connection")) == (source, connection)
    assert "start_date" not in workspace.objects("source")[0]["configuration"]


@pytest.mark.parametrize("kind", ["source", "destination", "connection"])
def test_what_was_deleted_is_made_again(workspace: Workspace, kind: str) -> None:
    workspace.apply()
    workspace.request("DELETE", f"{kind}s/{workspace.id_of(kind)}")
    assert workspace.plan()[0] == 2
    workspace.apply()
    assert workspace.plan() == (0, {})
    assert [len(workspace.objects(each)) for each in ("source", "destination", "connection")] == [1, 1, 1]


def test_destroy_removes_only_what_apply_made(workspace: Workspace) -> None:
    workspace.apply()
    theirs = {
        "name": "theirs",
        "workspaceId": workspace.id,
        "definitionId": workspace.objects("destination")[0]["definitionId"],
        "configuration": {
            "project_id": "local-dev",
            "dataset_id": "theirs",
            "dataset_location": "US",
            "loading_method": {"method": "Standard"},
        },
    }
    workspace.request("POST", "destinations", theirs)
    assert workspace.plan() == (0, {})
    result = workspace.bootstrap("destroy")  # nobody answers the question
    assert (result.returncode, workspace.writes) == (1, [])
    assert "make destroy o=--yes" in result.stderr
    result = workspace.bootstrap("destroy", "--yes")
    assert result.returncode == 0, result.stderr
    assert workspace.writes == ["DELETE connections", "DELETE destinations", "DELETE sources"]
    assert [item["name"] for item in workspace.objects("destination")] == ["theirs"]
    assert "Nothing to delete" in workspace.bootstrap("destroy", "--yes").stdout


def test_a_name_of_somebody_else_is_not_taken(workspace: Workspace) -> None:
    workspace.apply()
    state = workspace.directory / "state/state.json"
    state.unlink()
    result = workspace.bootstrap("apply")
    assert result.returncode == 1
    assert "source 'orders' exists in Airbyte (" in result.stderr
    assert "make apply o=--adopt" in result.stderr
    assert workspace.writes == []
    assert workspace.bootstrap("apply", "--adopt").returncode == 0
    assert workspace.plan() == (0, {})


def test_what_airbyte_refuses_is_explained(workspace: Workspace) -> None:
    result = workspace.bootstrap("apply", BUCKET="bucket-that-is-absent")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    where = f"{workspace.directory}/connections.yaml:25: connection 'orders'"
    assert f"bootstrap: {where}: Airbyte answered 4" in result.stderr
    assert workspace.apply() == CREATED | {
        "workspace": "unchanged",
        "source": "updated (bucket)",
        "destination": "unchanged",
    }


def test_wait(platform: RunningPlatform) -> None:
    result = platform.run("bootstrap", "bootstrap", "wait")
    assert result.returncode == 0, result.stderr
    assert f"S3 at {platform.s3_url} answers after" in result.stdout
    assert f"Airbyte at {platform.airbyte_url} answers after" in result.stdout


def test_wait_gives_up(platform: RunningPlatform) -> None:
    result = platform.run("bootstrap", "bootstrap", "wait", "--timeout", "1", AIRBYTE_URL="http://127.0.0.1:1")
    assert result.returncode == 1
    assert "waiting for Airbyte at http://127.0.0.1:1 (at most 1 s)" in result.stdout
    assert "did not answer within 1 s" in result.stderr
