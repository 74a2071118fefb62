"""A local HTTP server with the layout of Airbyte's registry, and a small shop's API that its manifests read."""

import hashlib
import http.server
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.data_files import zipped
from tests.serving import serving

DOCUMENT = "/files/registries/v0/oss_registry.json"
REFRESH_TOKEN = "refresh-me"
PAGE = 2
COMPONENTS = '''
from dataclasses import dataclass
from airbyte_cdk.sources.declarative.transformations import RecordTransformation

@dataclass
class Shout(RecordTransformation):
    """Writes the status in capitals."""
    field: str = "status"

    def transform(self, record, config=None, stream_state=None, stream_slice=None):
        record[self.field] = record[self.field].upper()
'''


def archive(**members: str) -> bytes:
    """Return an archive with these files; `__` in a name is a dot, `UP` is `../`."""
    return zipped({name.replace("UP", "../").replace("__", "."): content for name, content in members.items()})


class Registry(http.server.ThreadingHTTPServer):
    """Serves the registry's files and the shop's API: OAuth, pages, a cursor, sub-streams and a rate limit."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.sources: list[dict[str, Any]] = []
        self.cut: set[str] = set()
        self.token = 0
        self.limited = 1
        """How many of the next requests of orders are answered with 429."""
        self.since: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def document(self) -> str:
        return self.url + DOCUMENT

    def publish(self, name: str, version: str, manifest: dict[str, Any], components: bytes | None = None) -> str:
        """Publish a low-code connector; return the folder of its files."""
        folder = f"/files/metadata/airbyte/{name}/{version}"
        self.files[f"{folder}/manifest.yaml"] = as_yaml(manifest)
        if components is not None:
            self.files[f"{folder}/components.zip"] = components
            self.files[f"{folder}/components.zip.sha256"] = hashlib.sha256(components).hexdigest().encode()
        self.sources = [entry for entry in self.sources if entry["dockerRepository"] != f"airbyte/{name}"]
        self.sources.append(
            {
                "sourceDefinitionId": f"00000000-0000-0000-0000-{abs(hash(name)) % 10**12:012}",
                "name": name.title(),
                "dockerRepository": f"airbyte/{name}",
                "dockerImageTag": version,
                "language": "manifest-only",
                "tags": ["cdk:low-code", "language:manifest-only"],
            }
        )
        return folder


class Handler(http.server.BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        path, server = urlsplit(self.path).path, self.server
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if path == DOCUMENT:
            return self.answer(200, json.dumps({"sources": server.sources, "destinations": []}).encode())
        if path.startswith("/files/"):
            return self.answer(200, server.files[path]) if path in server.files else self.answer(404, b"")
        valid = {f"Bearer access-{number}" for number in range(1, server.token + 1)}
        if self.headers["Authorization"] not in valid:
            return self.answer(401, b"{}")
        if path == "/orders":
            if server.limited:
                server.limited -= 1
                return self.answer(429, b"{}", {"Retry-After": "0.1"})
            server.since.append(query["since"])
            found = [order for order in ORDERS if str(order["updated_at"]) >= query["since"]]
            start = int(query.get("page", 0)) * PAGE
            return self.answer(200, json.dumps({"data": found[start : start + PAGE]}).encode())
        number = int(path.split("/")[2])
        items = [{"sku": f"{number}-{item}"} for item in range(number % 2 + 1)]
        return self.answer(200, json.dumps({"data": items}).encode())

    def do_POST(self) -> None:
        """Answer an access token for the refresh token."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if REFRESH_TOKEN not in body:
            return self.answer(401, b"{}")
        self.server.token += 1
        return self.answer(
            200, json.dumps({"access_token": f"access-{self.server.token}", "expires_in": 3600}).encode()
        )

    def answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.path in self.server.cut else content)

    def log_message(self, *_: Any) -> None:
        pass


ORDERS = [{"id": n, "status": "placed", "updated_at": f"2018-01-0{n}T00:00:00Z"} for n in range(1, 6)]


def as_yaml(value: dict[str, Any]) -> bytes:
    """Write the outer mapping as YAML and the rest as JSON, which is YAML too."""
    return "".join(f"{key}: {json.dumps(item)}\n" for key, item in value.items()).encode()


def shop(*transformations: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest of the shop."""
    selector = {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": ["data"]}}
    requester = {
        "type": "HttpRequester",
        "url_base": "{{ config['url'] }}",
        "authenticator": {
            "type": "OAuthAuthenticator",
            "token_refresh_endpoint": "{{ config['url'] }}/token",
            "client_id": "me",
            "client_secret": "{{ config['secret'] }}",
            "refresh_token": "{{ config['refresh_token'] }}",
        },
        "error_handler": {
            "type": "DefaultErrorHandler",
            "backoff_strategies": [{"type": "WaitTimeFromHeader", "header": "Retry-After"}],
            "response_filters": [{"type": "HttpResponseFilter", "http_codes": [429], "action": "RETRY"}],
        },
    }

    def schema(**properties: str) -> dict[str, Any]:
        kinds = {name: {"type": ["null", kind]} for name, kind in properties.items()}
        return {"type": "InlineSchemaLoader", "schema": {"type": "object", "properties": kinds}}

    orders = {
        "type": "DeclarativeStream",
        "name": "orders",
        "primary_key": ["id"],
        "transformations": list(transformations),
        "retriever": {
            "type": "SimpleRetriever",
            "requester": requester | {"path": "/orders"},
            "record_selector": selector,
            "paginator": {
                "type": "DefaultPaginator",
                "page_token_option": {
                    "type": "RequestOption",
                    "inject_into": "request_parameter",
                    "field_name": "page",
                },
                "pagination_strategy": {"type": "PageIncrement", "page_size": PAGE},
            },
        },
        "incremental_sync": {
            "type": "DatetimeBasedCursor",
            "cursor_field": "updated_at",
            "datetime_format": "%Y-%m-%dT%H:%M:%SZ",
            "start_datetime": {"type": "MinMaxDatetime", "datetime": "2018-01-01T00:00:00Z"},
            "start_time_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "since"},
        },
        "schema_loader": schema(id="integer", status="string", updated_at="string"),
    }
    parent = {"type": "ParentStreamConfig", "stream": orders, "parent_key": "id", "partition_field": "order"}
    items = {
        "type": "DeclarativeStream",
        "name": "items",
        "retriever": {
            "type": "SimpleRetriever",
            "requester": requester | {"path": "/orders/{{ stream_partition.order }}/items"},
            "record_selector": selector,
            "partition_router": {"type": "SubstreamPartitionRouter", "parent_stream_configs": [parent]},
        },
        "schema_loader": schema(sku="string"),
    }
    secret = {"type": "string", "airbyte_secret": True}
    properties = {"url": {"type": "string", "title": "Address"}, "secret": secret, "refresh_token": secret}
    return {
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["items"]},
        "streams": [orders, items],
        "spec": {
            "type": "Spec",
            "connection_specification": {"type": "object", "required": list(properties), "properties": properties},
        },
    }


SHOUT = {"type": "CustomTransformation", "class_name": "source_declarative_manifest.components.Shout"}


@contextmanager
def registry() -> Iterator[Registry]:
    """Serve until the end of the block."""
    with serving(Registry()) as server:
        yield server
