"""Applying to a server that fails: answers 500, cuts the connection, or is left when bootstrap is killed."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import bootstrap.apply
from bootstrap.airbyte_client import AirbyteClient, AirbyteError, Kind
from bootstrap.apply import apply, destroy, made
from bootstrap.connections_file import ConnectionsFile, load
from bootstrap.errors import UserError
from bootstrap.plan import Action, Plan, as_json, make_plan
from bootstrap.render import plan_lines
from bootstrap.settings import Settings
from bootstrap.specification import MASK
from bootstrap.state import State

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
SPECIFICATION = {"properties": {"bucket": {}, "project_id": {}, "secret": {"airbyte_secret": True}}}

type Fault = Callable[[httpx.Request], httpx.Response | None]


class FailingAirbyte:
    """As much of Airbyte as bootstrap sees, with a fault before or after each write takes effect."""

    def __init__(self) -> None:
        self.workspaces: set[str] = set()
        self.objects: dict[str, dict[str, Any]] = {}
        self.kinds: dict[str, Kind] = {}
        self.writes: list[str] = []
        self.before: Fault = lambda _: None
        self.after: Fault = lambda _: None
        self._ids = itertools.count()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if answer := self.before(request):
            return answer
        answer = self._handle(request, json.loads(request.read() or b"{}"))
        return self.after(request) or answer

    def named(self, kind: Kind, name: str) -> dict[str, Any]:
        [found] = [item for item in self.of(kind) if item["name"] == name]
        return found

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        return [item for object_id, item in self.objects.items() if self.kinds[object_id] is kind]

    def add(self, kind: Kind, object_id: str, body: dict[str, Any]) -> None:
        self.kinds[object_id] = kind
        self.objects[object_id] = body | {kind.id_field: object_id}

    def _handle(self, request: httpx.Request, body: dict[str, Any]) -> httpx.Response:
        *_, collection, last = request.url.path.split("/")
        if collection == "workspaces":
            if last == "create_if_not_exist":
                self.workspaces.add(body["id"])
                self.writes.append("workspace")
            return httpx.Response(200 if last in self.workspaces or body else 404)
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
            self.objects[object_id] |= body
        self.writes.append(f"{method} {kind}")
        return httpx.Response(200, json=self._masked(self.objects[object_id]))

    def _masked(self, item: dict[str, Any]) -> dict[str, Any]:
        if "secret" not in item.get("configuration", {}):
            return item
        return item | {"configuration": item["configuration"] | {"secret": MASK}}


class Session:
    """Commands against one server, each with a fresh state from disk as a new process would have."""

    def __init__(self, server: FailingAirbyte, directory: Path) -> None:
        self.server, self.directory = server, directory
        (directory / "connections.yaml").write_text(FILE)
        self.lines: list[str] = []

    def file(self, **environment: str) -> ConnectionsFile:
        return load(self.directory / "connections.yaml", environment)

    def client(self) -> AirbyteClient:
        return AirbyteClient(Settings.read({}), transport=httpx.MockTransport(self.server))

    def state(self) -> State:
        return State(self.directory / "state")

    def apply(self, *, adopt: bool = False, **environment: str) -> list[str]:
        self.server.writes.clear()
        lines: list[str] = []
        with self.client() as client:
            apply(
                client,
                self.file(**environment),
                self.state(),
                lambda kind, name, outcome: lines.append(f"{kind} {name} {outcome}"),
                adopt=adopt,
            )
        return lines

    def plan(self, **environment: str) -> Plan:
        with self.client() as client:
            return make_plan(client, self.file(**environment), self.state(), adopt=False)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> FailingAirbyte:
    monkeypatch.setattr(bootstrap.apply, "PAUSES", (0.0, 0.0))
    return FailingAirbyte()


@pytest.fixture
def session(server: FailingAirbyte, tmp_path: Path) -> Session:
    return Session(server, tmp_path)


CREATED = ["workspace Test created", "source s created", "destination d created", "connection c created"]
UNCHANGED = ["workspace Test unchanged", "source s unchanged", "destination d unchanged", "connection c unchanged"]


def fails(times: int, what: Callable[[], httpx.Response]) -> Fault:
    """A fault of the first writes."""
    left = iter(range(times))
    return lambda request: what() if request.url.path.endswith("s") and _is_post(request) and _any(left) else None


def _is_post(request: httpx.Request) -> bool:
    return request.method == "POST"


def _any(left: Any) -> bool:
    return next(left, None) is not None


def cut() -> httpx.Response:
    raise httpx.ReadTimeout("no answer")


def test_twice(session: Session, server: FailingAirbyte) -> None:
    assert session.apply() == CREATED
    assert server.writes == ["workspace", "POST source", "POST destination", "POST connection"]
    assert session.apply() == UNCHANGED
    assert server.writes == []


@pytest.mark.parametrize("what", [lambda: httpx.Response(500), cut])
def test_a_write_that_failed_but_worked_is_not_repeated(
    session: Session, server: FailingAirbyte, what: Callable[[], httpx.Response]
) -> None:
    server.after = fails(3, what)
    assert session.apply() == CREATED
    assert [write for write in server.writes if write.startswith("POST")] == [
        "POST source",
        "POST destination",
        "POST connection",
    ]
    server.after = lambda _: None
    assert session.apply() == UNCHANGED


def test_a_write_that_failed_is_repeated(session: Session, server: FailingAirbyte) -> None:
    server.before = fails(2, lambda: httpx.Response(500))
    assert session.apply() == CREATED
    assert session.apply() == UNCHANGED


def test_it_gives_up_in_the_end(session: Session, server: FailingAirbyte) -> None:
    server.before = fails(99, lambda: httpx.Response(500, json={"message": "broken"}))
    with pytest.raises(AirbyteError, match="answered 500 to POST /api/public/v1/sources: broken"):
        session.apply()
    server.before = lambda _: None
    assert session.apply() == ["workspace Test unchanged", *CREATED[1:]]


def test_a_refused_write_is_not_repeated(session: Session, server: FailingAirbyte) -> None:
    attempts = []

    def refuse(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and request.url.path.endswith("/sources"):
            attempts.append(request)
            return httpx.Response(422, json={"detail": "no bucket"})
        return None

    server.before = refuse
    with pytest.raises(AirbyteError, match="no bucket"):
        session.apply()
    assert len(attempts) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_any_request_it_converges(server: FailingAirbyte, tmp_path: Path, moment: str) -> None:
    for number in itertools.count():
        server.__init__()  # type: ignore[misc]
        (tmp_path / str(number)).mkdir()
        session = Session(server, tmp_path / str(number))
        requests = itertools.count()

        def kill(_: httpx.Request, requests: Any = requests, number: int = number) -> None:
            if next(requests) == number:
                raise KeyboardInterrupt

        setattr(server, moment, kill)
        try:
            session.apply()
        except KeyboardInterrupt:
            setattr(server, moment, lambda _: None)
            session.apply()
        else:
            assert number > 10  # requests of an apply on an empty server
            break
        assert session.apply() == UNCHANGED
        assert len(server.objects) == 3


def test_a_changed_setting_is_shown_and_updated(session: Session, server: FailingAirbyte) -> None:
    session.apply()
    plan = session.plan(BUCKET="new")
    [change] = [change for change in as_json(plan)["changes"] if change["action"] != Action.UNCHANGED]
    assert change == {
        "kind": "source",
        "name": "s",
        "action": "update",
        "fields": [{"path": "bucket", "old": "b", "new": "new"}],
    }
    assert '      bucket: "b" → "new"' in list(plan_lines(plan, "Test"))
    assert session.apply(BUCKET="new")[1] == "source s updated (bucket)"
    assert server.writes == ["PUT source"]
    assert session.plan(BUCKET="new").is_empty


def test_a_changed_secret_is_sent_and_never_shown(session: Session, server: FailingAirbyte) -> None:
    session.apply()
    plan = session.plan(SECRET="two")
    text = "\n".join(plan_lines(plan, "Test")) + json.dumps(as_json(plan))
    assert "secret: changed (secret)" in text
    assert "one" not in text
    assert "two" not in text
    assert session.apply(SECRET="two")[1] == "source s updated (secret)"
    assert server.named(Kind.SOURCE, "s")["configuration"]["secret"] == "two"
    assert session.plan(SECRET="two").is_empty


def test_only_the_changed_fields_of_a_connection_are_patched(session: Session, server: FailingAirbyte) -> None:
    session.apply()
    server.named(Kind.CONNECTION, "c")["status"] = "inactive"
    sent: list[dict[str, Any]] = []
    server.before = lambda request: sent.append(json.loads(request.read())) if request.method == "PATCH" else None
    lines = session.apply(MODE="full_refresh_overwrite")
    assert lines[-1] == "connection c updated (status, streams.t.syncMode)"
    assert sent == [
        {"status": "active", "configurations": {"streams": [{"name": "t", "syncMode": "full_refresh_overwrite"}]}}
    ]


def test_a_deleted_source_takes_its_connection_along(session: Session, server: FailingAirbyte) -> None:
    session.apply()
    del server.objects[server.named(Kind.SOURCE, "s")["sourceId"]]
    plan = session.plan()
    assert [change.action for change in plan.changes] == [Action.CREATE, Action.UNCHANGED, Action.REPLACE]
    assert "connection   c" in (text := "\n".join(plan_lines(plan, "Test")))
    assert "its sync state is lost" in text
    session.apply()
    assert server.writes == ["DELETE connection", "POST source", "POST connection"]
    assert session.plan().is_empty


def test_a_renamed_object_is_recognised(session: Session, server: FailingAirbyte) -> None:
    session.apply()
    server.named(Kind.CONNECTION, "c")["name"] = "by hand"
    assert session.apply()[-1] == "connection c updated (name)"
    assert server.writes == ["PATCH connection"]


def test_what_others_made_is_neither_taken_nor_deleted(session: Session, server: FailingAirbyte) -> None:
    server.workspaces.add("5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6")
    foreign = {"name": "s", "definitionId": "source-s3", "configuration": {"bucket": "theirs"}}
    server.add(Kind.SOURCE, "x", foreign)
    server.add(Kind.CONNECTION, "y", {"name": "other", "sourceId": "x"})
    with pytest.raises(UserError, match=r"source 's' exists in Airbyte, but apply did not make it.*\n.*--adopt"):
        session.apply()
    assert server.writes == []
    server.objects["x"]["name"] = "s of theirs"
    session.apply()
    with session.client() as client:
        destroy(client, session.state(), made(client, session.file(), session.state()), lambda *_: None)
    assert server.objects == {
        "x": foreign | {"name": "s of theirs", "sourceId": "x"},
        "y": {"name": "other", "sourceId": "x", "connectionId": "y"},
    }
    assert server.writes[-3:] == ["DELETE connection", "DELETE destination", "DELETE source"]


def test_adopting_takes_over_what_has_the_name(session: Session, server: FailingAirbyte, tmp_path: Path) -> None:
    session.apply()
    (tmp_path / "state/state.json").unlink()
    with pytest.raises(UserError, match="--adopt"):
        session.plan()
    assert session.apply(adopt=True) == [UNCHANGED[0], "source s updated (secret)", *UNCHANGED[2:]]
    assert session.apply() == UNCHANGED


def test_a_connector_that_the_server_lacks(session: Session, tmp_path: Path) -> None:
    (tmp_path / "connections.yaml").write_text(FILE.replace("source-s3", "source-postgres"))
    with pytest.raises(UserError, match=r"source s: Airbyte has no connector 'source-postgres' \(it has: source-s3\)"):
        session.plan()


def test_a_plan_for_an_empty_server_creates_everything_and_nothing_yet(
    session: Session, server: FailingAirbyte
) -> None:
    plan = session.plan()
    assert [change.action for change in plan.changes] == [Action.CREATE] * 3
    assert list(plan_lines(plan, "Test"))[-1] == "\nPlan: 3 to create, 0 to update, 0 to replace, 0 unchanged."
    assert server.writes == []
