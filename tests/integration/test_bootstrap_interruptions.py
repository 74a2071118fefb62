"""bootstrap killed (SIGKILL) at the requests of each of its commands: run again, it converges on airbyte-lite."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving import serving
from tools.local.free_ports import free_ports
from tools.local.platform import Platform
from tools.settings_table import PORTS

from .commands import Commands
from .interruptions import Bootstrap, Kill, Moment, Proxy, Run
from .stand_in_connector import stand_ins
from .syncs import BIGQUERY_DEFINITION, S3_DEFINITION
from .test_airbyte_api_lowcode import LOW_CODE_DEFINITION
from .test_connector_declarative import MANIFEST
from .warm_services import WarmSupervisor

# Only airbyte-lite must run: a manifest holds the schema of its streams, and schemaless streams need no file.
# YAML's own anchor, as the text of three manifests would take most of the time of reading the file.
STREAMS = (
    f"[&stream {json.dumps(MANIFEST['streams'][0])}, {{<<: *stream, name: customers}}, {{<<: *stream, name: items}}]"
)
FIRST = """\
workspace: {id: $WORKSPACE, name: First}
sources:
  - name: api
    connector: source-declarative-manifest
    configuration: {__injected_declarative_manifest: $MANIFEST, url: "http://api", token: secret}
  - name: files
    connector: source-s3
    configuration:
      bucket: files
      credentials: {auth_type: iam_user, aws_access_key_id: key, aws_secret_access_key: secret}
      streams: [{name: files, schemaless: true, globs: ["*.csv"], format: {filetype: csv}}]
destinations:
  - name: warehouse
    connector: destination-bigquery
    configuration: {project_id: local-dev, dataset_id: first, dataset_location: US}
connections:
  - name: api
    source: api
    destination: warehouse
    streams: [{name: orders, sync_mode: incremental_append, dbt_source: first.orders}]
    schedule: 0 0 12 * * ? # which Airbyte shows with a time zone
"""
BEFORE = """\
workspace: {id: $WORKSPACE, name: Before}
sources:
  - name: edited
    connector: source-declarative-manifest
    configuration: &api {__injected_declarative_manifest: $MANIFEST, url: "http://before", token: secret}
  - {name: secret, connector: source-declarative-manifest, configuration: {<<: *api, url: "http://secret"}}
  - {name: old name, connector: source-declarative-manifest, configuration: {<<: *api, url: "http://renamed"}}
  - {name: replaced, connector: source-declarative-manifest, configuration: {<<: *api, url: "http://replaced"}}
  - {name: leaving, connector: source-declarative-manifest, configuration: {<<: *api, url: "http://leaving"}}
destinations:
  - name: warehouse
    connector: destination-bigquery
    configuration: {project_id: local-dev, dataset_id: before, dataset_location: US}
connections:
  - name: streams
    source: edited
    destination: warehouse
    streams:
      - {name: orders, sync_mode: incremental_append, dbt_source: streams.orders}
      - {name: customers, sync_mode: full_refresh_append, dbt_source: streams.customers}
  - name: old name
    source: old name
    destination: warehouse
    prefix: renamed_
    streams: [{name: orders, sync_mode: incremental_append, dbt_source: renamed.orders}]
  - name: moved
    source: edited
    destination: warehouse
    prefix: moved_
    streams: [{name: orders, sync_mode: incremental_append, dbt_source: moved.orders}]
  - name: replaced
    source: replaced
    destination: warehouse
    prefix: replaced_
    streams: [{name: orders, sync_mode: incremental_append, dbt_source: replaced.orders}]
  - name: leaving
    source: leaving
    destination: warehouse
    prefix: leaving_
    streams: [{name: orders, sync_mode: incremental_append, dbt_source: leaving.orders}]
"""
AFTER = """\
workspace: {id: $WORKSPACE, name: After}
sources:
  - name: edited
    connector: source-declarative-manifest
    configuration: &api {__injected_declarative_manifest: $MANIFEST, url: "http://after", token: secret}
  - {name: secret, connector: source-declarative-manifest, configuration: {<<: *api, url: "http://secret", token: new}}
  - {name: new name, connector: source-declarative-manifest, configuration: {<<: *api, url: "http://renamed"}}
  - name: replaced
    connector: source-s3
    configuration:
      bucket: files
      credentials: {auth_type: iam_user, aws_access_key_id: key, aws_secret_access_key: secret}
      streams: [{name: files, schemaless: true, globs: ["*.csv"], format: {filetype: csv}}]
  - {name: arriving, connector: source-declarative-manifest, configuration: {<<: *api, url: "http://arriving"}}
destinations:
  - name: warehouse
    connector: destination-bigquery
    configuration: {project_id: local-dev, dataset_id: after, dataset_location: US}
connections:
  - name: streams
    source: edited
    destination: warehouse
    streams:
      - {name: orders, sync_mode: incremental_append, dbt_source: streams.orders}
      - {name: items, sync_mode: full_refresh_append, dbt_source: streams.items}
  - name: new name
    source: new name
    destination: warehouse
    prefix: renamed_
    streams: [{name: orders, sync_mode: incremental_append, dbt_source: renamed.orders}]
  - name: moved
    source: secret
    destination: warehouse
    prefix: moved_
    streams: [{name: orders, sync_mode: incremental_append, dbt_source: moved.orders}]
  - name: replaced
    source: replaced
    destination: warehouse
    prefix: replaced_
    streams: [{name: files, sync_mode: full_refresh_append, dbt_source: replaced.files}]
  - name: arriving
    source: arriving
    destination: warehouse
    prefix: arriving_
    streams: [{name: orders, sync_mode: incremental_append, dbt_source: arriving.orders}]
"""
KEPT = ("source edited", "source secret", "destination warehouse", "connection streams")
RENAMED = ("source", "connection")

type Row = dict[str, Any]


@dataclass
class Workspace:
    """A workspace of its own, bootstrap's commands on it, and its records in airbyte-lite."""

    bootstrap: Bootstrap
    platform: Platform
    directory: Path
    id: str

    def declare(self, text: str) -> None:
        manifest = json.dumps(MANIFEST | {"streams": "$STREAMS"}).replace('"$STREAMS"', STREAMS)
        text = text.replace("$WORKSPACE", self.id).replace("$MANIFEST", manifest)
        (self.directory / "connections.yaml").write_text(text)

    def run(self, *arguments: str, kill: Kill | None = None) -> Run:
        variables = {
            "CONNECTIONS_FILE": str(self.directory / "connections.yaml"),
            "BOOTSTRAP_STATE_DIR": str(self.directory / "state"),
        }
        return self.bootstrap.run(*arguments, variables=variables, kill=kill)

    def finish(self, *arguments: str) -> Run:
        """Run a command, which must succeed."""
        run = self.run(*arguments)
        assert run.exit_code == 0, run.output
        return run

    def interrupt(self, kill: Kill, *arguments: str) -> bool:
        """Run a command that is killed and run it again; return False if there was nothing to finish."""
        before = self.rows(), self.memory()
        run = self.run(*arguments, kill=kill)
        assert run.exit_code == -signal.SIGKILL, run.output
        assert run.requests[-1].method == kill.request.method, "not the request that was meant"
        if not any(request.writes for request in run.requests):
            assert (self.rows(), self.memory()) == before
            return False
        self.finish(*arguments)
        assert self.bootstrap.nothing_is_under_way
        return True

    def assert_converged(self, expected: list[Row], theirs: dict[str, Row]) -> None:
        plan = self.run("plan", "--detailed-exitcode")
        assert plan.exit_code == 0, plan.output
        assert contents(self.ours()) == expected
        assert self.theirs() == theirs
        memory = json.loads(self.memory()["state.json"])
        assert (memory["workspaces"], memory["creating"]) == ([self.id], {})
        assert memory["objects"].keys() >= set(self.ids().values())

    def request(self, method: str, path: str, body: Row | None = None) -> Row:
        """Send a request as another user."""
        url = f"{self.platform.url('airbyte')}/api/public/v1/{path}"
        answer = httpx.request(method, url, json=body, timeout=60)
        assert answer.is_success, answer.text
        content: Row = answer.json() if answer.content else {}
        return content

    def add_theirs(self) -> dict[str, Row]:
        """Create a source, a destination and a connection as another user."""
        configuration = {"__injected_declarative_manifest": MANIFEST, "url": "http://theirs", "token": "theirs"}
        body = {"workspaceId": self.id, "name": "their source", "definitionId": LOW_CODE_DEFINITION}
        source = self.request("POST", "sources", body | {"configuration": configuration})
        configuration = {"project_id": "local-dev", "dataset_id": "theirs", "dataset_location": "US"}
        body = {"workspaceId": self.id, "name": "their warehouse", "definitionId": BIGQUERY_DEFINITION}
        destination = self.request("POST", "destinations", body | {"configuration": configuration})
        body = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
        self.request("POST", "connections", body | {"name": "their connection"})
        return self.theirs()

    def database(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(Path(self.platform.environment["AIRBYTE_LITE_DATA_DIR"], "airbyte.sqlite")))

    def rows(self) -> dict[str, Row]:
        """The workspace and its objects by their ids, as the server keeps them: secrets are not masked."""
        query = "select id, kind, document from objects where workspace_id = ? and not deleted"
        with self.database() as database:
            found = database.execute(query, (self.id,)).fetchall()
        return {row_id: {"kind": kind, **json.loads(document)} for row_id, kind, document in found}

    def theirs(self) -> dict[str, Row]:
        return {row_id: row for row_id, row in self.rows().items() if row["name"].startswith("their ")}

    def ours(self) -> dict[str, Row]:
        return {row_id: row for row_id, row in self.rows().items() if not row["name"].startswith("their ")}

    def ids(self) -> dict[str, str]:
        """Our objects' ids by kind and name: `{"source edited": …}`."""
        return {f"{row['kind']} {row['name']}": row_id for row_id, row in self.ours().items() if row_id != self.id}

    def states(self) -> set[tuple[str, str]]:
        """Connection and stream of each sync state in the workspace."""
        query = "select connection_id, stream from states join objects on connection_id = id where workspace_id = ?"
        with self.database() as database:
            return set(database.execute(query, (self.id,)).fetchall())

    def add_states(self) -> None:
        """Add a sync state for each connection, as a sync does."""
        ids = [row_id for row_id, row in self.rows().items() if row["kind"] == "connection"]
        with self.database() as database, database:
            database.executemany("insert into states values (?, 'orders', '{}')", [(each,) for each in ids])

    def copy(self) -> Workspace:
        """Return a workspace that is like this one, each object with another id: faster than applying again."""
        ids = {row_id: str(uuid.uuid4()) for row_id in self.rows()}

        def translated(text: str) -> str:
            for old, new in ids.items():
                text = text.replace(old, new)
            return text

        copied = replace(self, directory=self.directory.with_name(ids[self.id]), id=ids[self.id])
        shutil.copytree(self.directory, copied.directory)
        for path in (copied.directory / "connections.yaml", copied.directory / "state/state.json"):
            if path.exists():
                path.write_text(translated(path.read_text()))
        with self.database() as database, database:
            rows = database.execute(
                "select id, kind, workspace_id, document from objects where workspace_id = ? and not deleted",
                (self.id,),
            ).fetchall()
            translation = [tuple(map(translated, row)) for row in rows]
            database.executemany(
                "insert into objects (id, kind, workspace_id, document) values (?, ?, ?, ?)", translation
            )
            states = [(ids[connection], stream) for connection, stream in self.states() if connection in ids]
            database.executemany("insert into states values (?, ?, '{}')", states)
        return copied

    def memory(self) -> dict[str, str]:
        """bootstrap's own files."""
        return {path.name: path.read_text() for path in (self.directory / "state").glob("*") if path.name != "lock"}


def contents(rows: dict[str, Row]) -> list[Row]:
    """Return the objects without times and with names in place of ids: equal workspaces have equal contents."""
    names = {row_id: row["name"] for row_id, row in rows.items()}
    varying = dict.fromkeys(("id", "workspace_id", "created_at", "updated_at"))
    found = [
        row | varying | {key: names[row[key]] for key in ("source_id", "destination_id") if key in row}
        for row in rows.values()
    ]
    return sorted(found, key=lambda row: (row["kind"], row["name"]))


ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


type Choice = Callable[[list[Kill]], list[Kill]]


@pytest.fixture(scope="module")
def chosen(request: pytest.FixtureRequest) -> Choice:
    """A function that picks the moments to test: with --all-moments each one, else the last of each kind of request."""

    def choose(kills: list[Kill]) -> list[Kill]:
        if request.config.getoption("--all-moments"):
            return kills
        kinds = {(kill.request.method, ID.sub("…", kill.request.path), kill.moment): kill for kill in kills}
        return list(kinds.values())

    return choose


type NewWorkspace = Callable[[str], Workspace]


@pytest.fixture(scope="module")
def new_workspace(tmp_path_factory: pytest.TempPathFactory, commands: Commands) -> Iterator[NewWorkspace]:
    """A function that returns a new workspace, not yet created, with these declarations. All use one airbyte-lite."""
    directory = tmp_path_factory.mktemp("interruptions")
    platform = Platform(directory, free_ports(PORTS))
    # These tests ask the connector for nothing but the list of its streams, some 200 times.
    connectors = {"source-declarative-manifest": LOW_CODE_DEFINITION, "source-s3": S3_DEFINITION}
    variables = stand_ins(directory / "connectors", connectors)

    def new(text: str) -> Workspace:
        identifier = str(uuid.uuid4())
        (directory / identifier).mkdir()
        workspace = Workspace(bootstrap, platform, directory / identifier, identifier)
        workspace.declare(text)
        return workspace

    with WarmSupervisor(directory / "logs", commands=commands) as services:
        server = platform.airbyte()
        services.start(replace(server, environment=server.environment | variables)).wait()
        with serving(Proxy(platform.url("airbyte"))) as proxy:
            bootstrap = Bootstrap(commands, platform, proxy)
            yield new


def test_first_apply(new_workspace: NewWorkspace, chosen: Choice, subtests: pytest.Subtests) -> None:
    model = new_workspace(FIRST)
    kills = model.finish("apply").kills
    assert sum(kill.request.writes for kill in kills) == len(Moment) * len(model.rows())
    for kill in chosen(kills):
        with subtests.test(str(kill)):
            workspace = new_workspace(FIRST)
            if workspace.interrupt(kill, "apply"):
                workspace.assert_converged(contents(model.rows()), theirs={})


@pytest.fixture(scope="module")
def changed(new_workspace: NewWorkspace) -> tuple[Workspace, Workspace, list[Kill]]:
    """A workspace with declared changes, a workspace where apply has made them, and the moments of that apply."""
    before = new_workspace(BEFORE)
    before.finish("apply")
    before.add_theirs()
    before.add_states()
    before.declare(AFTER)
    after = before.copy()
    kills = after.finish("apply", "--prune", "--yes").kills
    assert {kill.request.method for kill in kills} == {"GET", "POST", "PUT", "PATCH", "DELETE"}
    return before, after, kills


@pytest.mark.parametrize("moment", Moment, ids=lambda moment: moment.name.lower())
def test_changes(
    changed: tuple[Workspace, Workspace, list[Kill]], chosen: Choice, subtests: pytest.Subtests, moment: Moment
) -> None:
    before, after, kills = changed
    for kill in (kill for kill in chosen(kills) if kill.moment is moment):
        with subtests.test(str(kill)):
            workspace = before.copy()
            theirs, old, old_states = workspace.theirs(), workspace.ids(), workspace.states()
            if not workspace.interrupt(kill, "apply", "--prune", "--yes"):
                continue
            workspace.assert_converged(contents(after.ours()), theirs)
            new = workspace.ids()
            assert [new[name] for name in KEPT] == [old[name] for name in KEPT]
            assert [new[f"{kind} new name"] for kind in RENAMED] == [old[f"{kind} old name"] for kind in RENAMED]
            kept = {new["connection streams"], new["connection new name"], *theirs}
            assert workspace.states() == {state for state in old_states if state[0] in kept}


def test_adopt(new_workspace: NewWorkspace, chosen: Choice, subtests: pytest.Subtests) -> None:
    before = new_workspace(FIRST)
    before.finish("apply")
    shutil.rmtree(before.directory / "state")
    before.request("PATCH", f"workspaces/{before.id}", {"name": "by hand"})
    before.request("PATCH", f"connections/{before.ids()['connection api']}", {"prefix": "by_hand_"})
    before.request("DELETE", f"sources/{before.ids()['source files']}")
    before.add_theirs()
    after = before.copy()
    for kill in chosen(after.finish("apply", "--adopt").kills):
        with subtests.test(str(kill)):
            workspace = before.copy()
            theirs, old = workspace.theirs(), workspace.ids()
            if workspace.interrupt(kill, "apply", "--adopt"):
                workspace.assert_converged(contents(after.ours()), theirs)
                assert old.items() <= workspace.ids().items()


def test_destroy(new_workspace: NewWorkspace, chosen: Choice, subtests: pytest.Subtests) -> None:
    before = new_workspace(FIRST)
    before.finish("apply")
    before.add_theirs()
    kills = before.copy().finish("destroy", "--yes").kills
    assert sum(kill.request.writes for kill in kills) == len(Moment) * len(before.ids())
    for kill in chosen(kills):
        with subtests.test(str(kill)):
            workspace = before.copy()
            theirs = workspace.theirs()
            if workspace.interrupt(kill, "destroy", "--yes"):
                assert (workspace.ids(), workspace.theirs()) == ({}, theirs)


def test_plan(new_workspace: NewWorkspace, chosen: Choice, subtests: pytest.Subtests) -> None:
    workspace = new_workspace(BEFORE)
    workspace.finish("apply")
    workspace.declare(AFTER)
    for kill in chosen(workspace.finish("plan").kills):
        with subtests.test(str(kill)):
            assert not workspace.interrupt(kill, "plan")
