"""Edits by hand in airbyte-lite: plan reports each edit and nothing else, apply undoes it, others' objects stay."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from airbyte_as_code.airbyte_client import AirbyteClient
from airbyte_as_code.apply import apply
from airbyte_as_code.change import Action
from airbyte_as_code.errors import UserError
from airbyte_as_code.plan import Plan, make_plan
from airbyte_as_code.state import State
from bootstrap.settings import Settings
from connections_file import load

from .running import RunningPlatform
from .s3_types import S3Client

FILE = """\
workspace: {id: $WORKSPACE, name: Drift}
sources:
  - name: orders
    connector: source-s3
    configuration: &s3
      bucket: $BUCKET
      endpoint: ${AWS_ENDPOINT_URL_S3}
      region_name: us-east-1
      credentials:
        auth_type: iam_user
        aws_access_key_id: ${AWS_ACCESS_KEY_ID}
        aws_secret_access_key: ${AWS_SECRET_ACCESS_KEY}
      streams:
        - {name: orders, globs: [orders.csv], format: {filetype: csv}}
        - {name: customers, globs: [customers.csv], format: {filetype: csv}}
  - name: payments
    connector: source-s3
    configuration:
      <<: *s3
      streams:
        - {name: payments, globs: [payments.csv], format: {filetype: csv}}
        - {name: refunds, globs: [refunds.csv], format: {filetype: csv}}
destinations:
  - name: warehouse
    connector: destination-bigquery
    configuration:
      {project_id: local-dev, dataset_id: drift, dataset_location: US, loading_method: {method: Standard}}
connections:
  - name: orders
    source: orders
    destination: warehouse
    streams:
      - {name: orders, sync_mode: incremental_deduped_history, primary_key: [[id]], dbt_source: shop.orders}
      - {name: customers, sync_mode: full_refresh_overwrite, dbt_source: shop.customers}
  - name: payments
    source: payments
    destination: warehouse
    schedule: 0 0 0 1 1 ?
    streams: [{name: payments, sync_mode: incremental_append, dbt_source: shop.payments}]
"""
KINDS = ("source", "destination", "connection")
CURSOR = "_ab_source_file_last_modified"
S3_SECRETS = ["credentials.aws_access_key_id?", "credentials.aws_secret_access_key?"]


class Sent(httpx.BaseTransport):
    """Sends bootstrap's requests to the server, and keeps them."""

    def __init__(self) -> None:
        self._server = httpx.HTTPTransport()
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Keep the request and send it."""
        self.requests.append(request)
        return self._server.handle_request(request)

    def close(self) -> None:
        """Close the connections to the server."""
        self._server.close()

    def naming(self, objects: set[str]) -> list[str]:
        """Return the writing requests that have named one of these ids, also those that wrote equal values."""
        return [
            f"{request.method} {request.url.path} {request.content.decode()}"
            for request in self.requests
            if request.method != "GET" and any(i in f"{request.url} {request.content.decode()}" for i in objects)
        ]


@dataclass
class Hand:
    """A workspace that apply made, with some objects of another user, and the API as that user uses it."""

    client: AirbyteClient
    sent: Sent
    http: httpx.Client
    directory: Path
    environment: dict[str, str]
    workspace: str

    def plan(self) -> Plan:
        return make_plan(self.client, self.file(), State(self.directory / "state"), adopt=False)

    def apply(self, *, prune: bool = False) -> set[str]:
        """Apply, and return the objects of the changes that apply has not made."""
        left = apply(self.client, self.file(), State(self.directory / "state"), lambda *_: None, prune=prune)
        return {f"{change.kind} {change.name}" for change in left}

    def file(self) -> Any:
        return load(self.directory / "connections.yaml", self.environment)

    def request(self, method: str, path: str, body: Any = None, query: Any = None) -> Any:
        answer = self.http.request(method, f"/api/public/v1/{path}", json=body, params=query)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def objects(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.request("GET", f"{kind}s", query={"workspaceIds": self.workspace})["data"]
        return found

    def named(self, kind: str, name: str) -> dict[str, Any]:
        [found] = [item for item in self.objects(kind) if item["name"] == name]
        return found

    def path(self, kind: str, name: str) -> str:
        return f"{kind}s/{self.named(kind, name)[f'{kind}Id']}"

    def edit(self, kind: str, name: str, /, **changes: Any) -> None:
        self.request("PATCH", self.path(kind, name), changes)

    def configure(self, kind: str, name: str, /, **settings: Any) -> None:
        self.edit(kind, name, configuration=settings)

    def streams(self, connection: str, **settings: dict[str, Any] | None) -> None:
        """Change the settings of a connection's streams. With None, the stream is removed."""
        shown = {s["name"]: s for s in self.named("connection", connection)["configurations"]["streams"]}
        merged = {name: shown.get(name, {"name": name}) | (settings.get(name) or {}) for name in shown | settings}
        kept = [stream for name, stream in merged.items() if settings.get(name, {}) is not None]
        self.edit("connection", connection, configurations={"streams": kept})

    def delete(self, kind: str, name: str) -> None:
        self.request("DELETE", self.path(kind, name))

    def copy(self, kind: str, name: str, copy: str, **changes: Any) -> None:
        """Create an object of another user, similar to an existing object."""
        shown = self.named(kind, name)
        body = {key: shown[key] for key in ("workspaceId", "definitionId", "sourceId", "destinationId") if key in shown}
        body.pop(f"{kind}Id", None)  # the server gives the id
        keys = {"auth_type": "iam_user", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
        secrets = {"credentials": keys} if kind == "source" else {}
        configuration = shown.get("configuration", {}) | secrets
        self.request("POST", f"{kind}s", body | {"name": copy, "configuration": configuration} | changes)

    def theirs(self) -> dict[str, dict[str, Any]]:
        """The objects of the other user, by id."""
        shown = [(item[f"{kind}Id"], item) for kind in KINDS for item in self.objects(kind)]
        return {identifier: item for identifier, item in shown if item["name"].startswith("their")}


def seen(plan: Plan) -> dict[str, Any]:
    """The changed fields of each object in a plan (a ? marks a suspected change), or the action on the object."""
    found: dict[str, Any] = (
        {"workspace": [item.path for item in plan.workspace_fields]} if plan.workspace_fields else {}
    )
    for change in plan.changes:
        if change.action is Action.UPDATE:
            fields = [item.path + "?" * item.suspected for item in change.fields]
            found[f"{change.kind} {change.name}"] = sorted(fields)
        elif change.action is not Action.UNCHANGED:
            found[f"{change.kind} {change.name}"] = str(change.action)
    assert plan.is_empty is not bool(found)
    return found


@pytest.fixture(scope="module")
def hand(platform: RunningPlatform, s3_client: S3Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hand]:
    directory, workspace, bucket = tmp_path_factory.mktemp("drift"), str(uuid.uuid4()), f"drift-{uuid.uuid4().hex[:12]}"
    s3_client.create_bucket(Bucket=bucket)
    for name in ("orders", "customers", "payments", "refunds"):
        s3_client.put_object(Bucket=bucket, Key=f"{name}.csv", Body=b"id,status\n1,placed\n")
    text = FILE.replace("$WORKSPACE", workspace).replace("$BUCKET", bucket)
    (directory / "connections.yaml").write_text(text)
    sent = Sent()
    with (
        AirbyteClient(Settings.read(platform.environment), sent) as client,
        httpx.Client(base_url=platform.airbyte_url, timeout=120) as http,
    ):
        hand = Hand(client, sent, http, directory, platform.environment, workspace)
        hand.apply()
        hand.copy("source", "orders", "their source")
        hand.copy("destination", "warehouse", "their warehouse")
        source, destination = hand.named("source", "their source"), hand.named("destination", "their warehouse")
        ids = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
        hand.request("POST", "connections", ids | {"name": "their connection", "prefix": "x_"})
        yield hand


def remove_region(hand: Hand) -> None:
    source = hand.named("source", "orders")
    configuration = {key: value for key, value in source["configuration"].items() if key != "region_name"}
    hand.request("PUT", hand.path("source", "orders"), {"name": "orders", "configuration": configuration})


def change_a_glob(hand: Hand) -> None:
    streams = hand.named("source", "orders")["configuration"]["streams"]
    hand.configure("source", "orders", streams=[streams[0] | {"globs": ["*.csv"]}, streams[1]])


def rename_a_stream(hand: Hand) -> None:
    streams = hand.named("source", "orders")["configuration"]["streams"]
    hand.configure("source", "orders", streams=[streams[0] | {"name": "renamed"}, streams[1]])
    hand.streams("orders", orders=None, renamed={"syncMode": "incremental_append"})


def there_and_back(hand: Hand) -> None:
    bucket = hand.named("source", "orders")["configuration"]["bucket"]
    hand.configure("source", "orders", bucket="elsewhere")
    hand.configure("source", "orders", bucket=bucket)


def cron(expression: str) -> dict[str, str]:
    return {"scheduleType": "cron", "cronExpression": expression}


def their_connection_between_ours(hand: Hand) -> None:
    ids = {key: hand.named("connection", "orders")[key] for key in ("sourceId", "destinationId")}
    hand.request("POST", "connections", ids | {"name": "their copy"})


SECRET = {"aws_secret_access_key": "by hand"}
EDITS: dict[str, tuple[Callable[[Hand], None], dict[str, Any]]] = {
    "host": (lambda h: h.configure("source", "orders", endpoint="http://127.0.0.1:1"), {"source orders": ["endpoint"]}),
    "secret": (lambda h: h.configure("source", "orders", credentials=SECRET), {"source orders": S3_SECRETS}),
    "secret and bucket": (
        lambda h: h.configure("source", "orders", credentials=SECRET, bucket="elsewhere"),
        {"source orders": ["bucket"]},
    ),
    "edited and restored": (there_and_back, {"source orders": S3_SECRETS}),
    "source renamed": (lambda h: h.edit("source", "orders", name="by hand"), {"source orders": ["name"]}),
    "setting added": (
        lambda h: h.configure("source", "orders", start_date="2021-01-01T00:00:00.000000Z"),
        {"source orders": ["start_date"]},
    ),
    "setting removed": (remove_region, {"source orders": ["region_name"]}),
    "glob": (change_a_glob, {"source orders": ["streams[0].globs[0]"]}),
    "source deleted": (
        lambda h: h.delete("source", "orders"),
        {"source orders": "create", "connection orders": "create"},
    ),
    "dataset": (
        lambda h: h.configure("destination", "warehouse", dataset_id="elsewhere"),
        {"destination warehouse": ["dataset_id"]},
    ),
    "secret added": (
        lambda h: h.configure("destination", "warehouse", credentials_json="{}"),
        {"destination warehouse": ["credentials_json"]},
    ),
    "destination renamed": (
        lambda h: h.edit("destination", "warehouse", name="by hand"),
        {"destination warehouse": ["name"]},
    ),
    "destination deleted": (
        lambda h: h.delete("destination", "warehouse"),
        {"destination warehouse": "create", "connection orders": "create", "connection payments": "create"},
    ),
    "sync mode": (
        lambda h: h.streams("orders", orders={"syncMode": "incremental_append"}),
        {"connection orders": ["streams.orders.syncMode"]},
    ),
    "primary key": (
        lambda h: h.streams("orders", orders={"primaryKey": [["id"], ["status"]]}),
        {"connection orders": ["streams.orders.primaryKey"]},
    ),
    "primary key where none was declared": (
        lambda h: h.streams("orders", customers={"primaryKey": [["id"]]}),
        {"connection orders": ["streams.customers.primaryKey"]},
    ),
    "columns": (
        lambda h: h.streams("orders", orders={"selectedFields": [{"fieldPath": [name]} for name in ("id", CURSOR)]}),
        {"connection orders": ["streams.orders.selectedFields"]},
    ),
    "stream removed": (lambda h: h.streams("orders", customers=None), {"connection orders": ["streams.customers"]}),
    "stream added": (
        lambda h: h.streams("payments", refunds={"syncMode": "full_refresh_append"}),
        {"connection payments": ["streams.refunds"]},
    ),
    "stream renamed": (
        rename_a_stream,
        {
            "source orders": ["streams[0].name"],
            "connection orders": ["streams.orders", "streams.renamed"],
        },
    ),
    "connection renamed": (lambda h: h.edit("connection", "orders", name="by hand"), {"connection orders": ["name"]}),
    "inactive": (lambda h: h.edit("connection", "payments", status="inactive"), {"connection payments": ["status"]}),
    "schedule": (
        lambda h: h.edit("connection", "payments", schedule=cron("0 30 0 1 1 ?")),
        {"connection payments": ["schedule"]},
    ),
    "scheduled by hand": (
        lambda h: h.edit("connection", "orders", schedule=cron("0 0 0 1 1 ?")),
        {"connection orders": ["schedule"]},
    ),
    "no longer scheduled": (
        lambda h: h.edit("connection", "payments", schedule={"scheduleType": "manual"}),
        {"connection payments": ["schedule"]},
    ),
    "schedule in other words": (
        lambda h: h.edit("connection", "payments", schedule=cron("0 0 0 1 1 ? UTC")),
        {},
    ),
    "prefix": (lambda h: h.edit("connection", "payments", prefix="x_"), {"connection payments": ["prefix"]}),
    "schema changes": (
        lambda h: h.edit("connection", "orders", nonBreakingSchemaUpdatesBehavior="ignore"),
        {"connection orders": ["nonBreakingSchemaUpdatesBehavior"]},
    ),
    "connection deleted": (lambda h: h.delete("connection", "orders"), {"connection orders": "create"}),
    "workspace renamed": (
        lambda h: h.request("PATCH", f"workspaces/{h.workspace}", {"name": "x"}),
        {"workspace": ["name"]},
    ),
    "source of others": (lambda h: h.copy("source", "orders", "their second source"), {}),
    "edit of others": (lambda h: h.edit("connection", "their connection", prefix="y_"), {}),
    "connection of others between ours": (their_connection_between_ours, {}),
}


NEED_CONSENT = {"stream renamed": {"source orders", "connection orders"}}
"""Edits whose undoing loses a sync state, with what is left as it is without consent."""
OURS = [["orders", "payments"], ["warehouse"], ["orders", "payments"]]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_by_hand(hand: Hand, edit: str) -> None:
    assert seen(hand.plan()) == {}
    by_hand, expected = EDITS[edit]
    by_hand(hand)
    theirs = hand.theirs()
    hand.sent.requests.clear()
    assert seen(hand.plan()) == expected
    assert hand.apply() == NEED_CONSENT.get(edit, set())
    if edit in NEED_CONSENT:
        assert set(seen(hand.plan())) == NEED_CONSENT[edit]
        hand.apply(prune=True)
    assert seen(hand.plan()) == {}
    assert hand.sent.naming({*theirs}) == []
    assert hand.theirs() == theirs
    ours = [[item["name"] for item in hand.objects(kind) if item[f"{kind}Id"] not in theirs] for kind in KINDS]
    assert [sorted(names) for names in ours] == OURS


def test_a_name_of_others_that_is_ours(hand: Hand) -> None:
    their_warehouse = hand.path("destination", "their warehouse")
    hand.request("PATCH", their_warehouse, {"name": "warehouse"})
    with pytest.raises(UserError, match=r"2 destinations.*'warehouse'.*\nRename or delete"):
        hand.plan()
    hand.request("PATCH", their_warehouse, {"name": "their warehouse"})
    assert seen(hand.plan()) == {}
