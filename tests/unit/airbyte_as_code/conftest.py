"""An Airbyte in memory that fails on demand, and commands against it."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import airbyte_as_code.airbyte_client
import airbyte_as_code.apply
from airbyte_as_code.airbyte_client import AirbyteClient, Kind
from airbyte_as_code.apply import apply
from airbyte_as_code.destroy import destroy, made
from airbyte_as_code.plan import Plan, make_plan
from airbyte_as_code.state import State
from bootstrap.settings import Settings
from connections_file import ConnectionsFile, load
from platform_kit.specification import MASK

FILE = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Test}
sources:
  - {name: s, connector: source-s3, configuration: {bucket: "${BUCKET:-b}", secret: "${SECRET:-one}"}}
destinations:
  - {name: d, connector: destination-bigquery, configuration: {project_id: p}}
connections:
  - name: c
    source: s
    destination: d
    streams: [{name: t, sync_mode: "${MODE:-full_refresh_append}", dbt_source: shop.t}]
"""
EMPTY = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Test}
sources: []
destinations: []
connections: []
"""
SPECIFICATION = {"properties": {"bucket": {}, "project_id": {}, "secret": {"airbyte_secret": True}}}

type Fault = Callable[[httpx.Request], httpx.Response | None]


class FailingAirbyte:
    """As much of Airbyte as bootstrap sees, with a fault before or after each write takes effect."""

    def __init__(self) -> None:
        self.workspaces: dict[str, str] = {}
        self.objects: dict[str, dict[str, Any]] = {}
        self.kinds: dict[str, Kind] = {}
        self.writes: list[str] = []
        self.before: Fault = lambda _: None
        self.after: Fault = lambda _: None
        self.shows_times = True
        self.columns: dict[str, Any] = {}  # of the only source now
        self.taken_over: dict[str, Any] = {}  # by the connections, at their last change of streams
        self.noticed: dict[str, Any] = {}  # what a connection shows of its source's schema
        self.discoveries = 0
        self._ids = itertools.count()
        self._times = itertools.count()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if answer := self.before(request):
            return answer
        answer = self.handle(request)
        return self.after(request) or answer

    def named(self, kind: str, name: str) -> dict[str, Any]:
        [found] = [item for item in self.of(kind) if item["name"] == name]
        return found

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [item for object_id, item in self.objects.items() if self.kinds[object_id] == kind]

    def add(self, kind: str, object_id: str, body: dict[str, Any]) -> None:
        self.kinds[object_id] = Kind(kind)
        self.objects[object_id] = {}
        self._save(object_id, body | {Kind(kind).id_field: object_id})

    def by_hand(self, kind: str, name: str, **changes: Any) -> None:
        """Edit a source or destination as a user of Airbyte's UI does."""
        item = self.named(kind, name)
        changes["configuration"] = item["configuration"] | changes.get("configuration", {})
        self._save(item[Kind(kind).id_field], changes)

    def _save(self, object_id: str, body: dict[str, Any]) -> None:
        self.objects[object_id] |= body | {"updatedAt": f"{next(self._times):03}"}
        if "configurations" in body:
            self.taken_over = dict(self.columns)
        for stream in body.get("configurations", {}).get("streams", []):
            if stream["syncMode"].startswith("incremental_"):
                stream.setdefault("cursorField", ["default_cursor"])

    def handle(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.read() or b"{}")
        *_, collection, last = request.url.path.split("/")
        if last == "workspaces":
            listed = [{"workspaceId": key, "name": name} for key, name in self.workspaces.items()]
            return httpx.Response(200, json={"data": listed})
        if (collection, last) == ("connections", "get"):
            streams = self.objects[body["connectionId"]]["configurations"]["streams"]
            schema = {"jsonSchema": {"properties": self.taken_over}}
            defined = [
                {"stream": {"name": s["name"], "sourceDefinedCursor": s["name"] == "files"} | schema} for s in streams
            ]
            return httpx.Response(200, json={"syncCatalog": {"streams": defined}} | self.noticed)
        if (collection, last) == ("sources", "discover_schema"):
            assert body["disable_cache"] is True
            self.discoveries += 1
            found = {"stream": {"name": "t", "jsonSchema": {"properties": self.columns}}}
            return httpx.Response(200, json={"catalog": {"streams": [found]}, "jobInfo": {"succeeded": True}})
        if collection == "workspaces":
            if request.method != "GET":
                self.workspaces[body.get("id", last)] = body["name"]
                self.writes.append("workspace")
                return httpx.Response(200, json={})
            if last not in self.workspaces:
                return httpx.Response(404)
            return httpx.Response(200, json={"workspaceId": last, "name": self.workspaces[last]})
        if collection.endswith("_definitions"):
            kind = collection.removesuffix("_definitions")
            name = {"source": "source-s3", "destination": "destination-bigquery"}[kind]
            definition = {"dockerRepository": f"airbyte/{name}", f"{kind}DefinitionId": name}
            return httpx.Response(200, json={f"{kind}Definitions": [definition]})
        if collection.endswith("_specifications"):
            return httpx.Response(200, json={"connectionSpecification": SPECIFICATION})
        if request.method == "GET":
            listed = [self._masked(item) for item in self.of(Kind(last.removesuffix("s")))]
            return httpx.Response(200, json={"data": listed})
        return self._write(request.method, collection, last, body)

    def _write(self, method: str, collection: str, last: str, body: dict[str, Any]) -> httpx.Response:
        if method == "POST":
            kind, object_id = Kind(last.removesuffix("s")), str(next(self._ids))
            self.add(kind, object_id, body)
        else:
            kind, object_id = Kind(collection.removesuffix("s")), last
            if method == "DELETE":
                del self.objects[object_id]
                self.writes.append(f"DELETE {kind}")
                return httpx.Response(204)
            self._save(object_id, body)
        self.writes.append(f"{method} {kind}")
        return httpx.Response(200, json=self._masked(self.objects[object_id]))

    def _masked(self, item: dict[str, Any]) -> dict[str, Any]:
        if not self.shows_times:
            item = {key: value for key, value in item.items() if key != "updatedAt"}
        if "secret" not in item.get("configuration", {}):
            return item
        return item | {"configuration": item["configuration"] | {"secret": MASK}}


class Session:
    """Commands against one server, each with a fresh state from disk as a new process would have."""

    def __init__(self, server: FailingAirbyte, directory: Path) -> None:
        self.server, self.directory = server, directory
        self.write(FILE)

    def write(self, text: str) -> None:
        (self.directory / "connections.yaml").write_text(text)

    def file(self, **environment: str) -> ConnectionsFile:
        return load(self.directory / "connections.yaml", environment)

    def client(self) -> AirbyteClient:
        return AirbyteClient(Settings.read({}), transport=httpx.MockTransport(self.server))

    def state(self) -> State:
        return State(self.directory / "state")

    def apply(
        self, *, adopt: bool = False, prune: bool = False, refresh_schema: bool = False, **environment: str
    ) -> list[str]:
        self.server.writes.clear()
        lines: list[str] = []
        with self.client() as client:
            apply(
                client,
                self.file(**environment),
                self.state(),
                lambda kind, name, outcome: lines.append(f"{kind} {name} {outcome}"),
                adopt=adopt,
                prune=prune,
                refresh_schema=refresh_schema,
            )
        return lines

    def destroy(self) -> None:
        with self.client() as client:
            file, state = self.file(), self.state()
            destroy(client, file, state, made(client, file, state), lambda *_: None)

    def plan(self, *, adopt: bool = False, refresh_schema: bool = False, **environment: str) -> Plan:
        with self.client() as client:
            file = self.file(**environment)
            return make_plan(client, file, self.state(), adopt=adopt, refresh_schema=refresh_schema)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (airbyte_as_code.airbyte_client, airbyte_as_code.apply):
        monkeypatch.setattr(module, "PAUSES", (0.0, 0.0))


@pytest.fixture
def server() -> FailingAirbyte:
    return FailingAirbyte()


@pytest.fixture
def session(server: FailingAirbyte, tmp_path: Path) -> Session:
    return Session(server, tmp_path)
