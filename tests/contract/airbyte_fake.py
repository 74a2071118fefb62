"""A fake of two generations of Airbyte: it shows and accepts the fields that their OpenAPI documents name.

Those fields are in shapes/*.json. It gives answers that only a real Airbyte gives, and fails on demand. It runs no
connectors.
"""

import base64
import itertools
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.serving import serving

Json = dict[str, Any]
Answer = tuple[int, Any]

SHAPES = Path(__file__).parent / "shapes"
GENERATIONS = sorted(path.stem for path in SHAPES.glob("*.json"))
PUBLIC, CONFIGURATION = "/api/public/v1/", "/api/v1/"
PUBLIC_OF_CLOUD = "/v1/"
MOST = 100  # the documents' maximum of `limit`; the default is 20
MASK = "**********"
CLIENT = {"client_id": "an-id", "client_secret": "a-secret-of-the-client"}
USER = ("airbyte", "a-password")
DEFINITIONS = {
    "source": ("source-s3", "69589781-7828-43c5-9f63-8925b1c1ccc2"),
    "destination": ("destination-bigquery", "22f6c74f-5699-40ff-833c-4a879ea40133"),
}
OTHER_SOURCE = ("source-postgres", "decd338e-5647-4c0b-adf4-da0e75f5a750")
SECRET = {"type": "string", "airbyte_secret": True}
SPECIFICATIONS = {
    "source": {
        "properties": {
            "credentials": {
                "oneOf": [{"properties": {"aws_access_key_id": SECRET, "aws_secret_access_key": SECRET}}],
            }
        }
    },
    "destination": {"properties": {"credentials_json": SECRET}},
}


@dataclass
class Fake:
    """One Airbyte: its objects, the requests that it has received, and the faults that it is to have."""

    generation: str
    cloud: bool = False  # its public API is elsewhere, and its configuration API is for `connections/get` only
    url: str = ""
    shapes: Json = field(init=False)
    workspaces: dict[str, Json] = field(default_factory=dict)
    objects: dict[str, dict[str, Json]] = field(
        default_factory=lambda: {"source": {}, "destination": {}, "connection": {}}
    )
    jobs: dict[int, Json] = field(default_factory=dict)
    progress: list[str] = field(default_factory=list)  # the statuses that a job goes through, one at each look
    requests: list[tuple[str, Json]] = field(default_factory=list)
    undocumented: list[str] = field(default_factory=list)
    faults: list[Callable[[str, Callable[[], Answer]], Answer | None]] = field(default_factory=list)
    token_uses: int = 1_000_000
    tokens: list[int] = field(default_factory=list)  # the uses left of each token; its number is the token
    refused: int = 0  # how often it answered 401
    is_set_up: bool = False

    def __post_init__(self) -> None:
        self.shapes = json.loads((SHAPES / f"{self.generation}.json").read_text())
        self._numbers = itertools.count(1)

    @property
    def public(self) -> str:
        """The path of the public API."""
        return PUBLIC_OF_CLOUD if self.cloud else PUBLIC

    @property
    def credentials(self) -> dict[str, str]:
        """The environment variables with the credentials that this Airbyte accepts."""
        if self.shapes["authentication"] == "token":
            return {"AIRBYTE_CLIENT_ID": CLIENT["client_id"], "AIRBYTE_CLIENT_SECRET": CLIENT["client_secret"]}
        return {"AIRBYTE_USERNAME": USER[0], "AIRBYTE_PASSWORD": USER[1]}

    def sent(self, request: str) -> list[Json]:
        """Return the bodies of the requests of this kind, like "POST source"."""
        return [body for name, body in self.requests if name == request]

    def add(self, kind: str, **values: Any) -> Json:
        """Add an object, created by another user or by a request."""
        identity = f"{next(self._numbers):08}-0000-0000-0000-000000000000"
        item: Json = {f"{kind}Id": identity, "createdAt": 1_700_000_000} | values
        if kind in DEFINITIONS:
            chosen = OTHER_SOURCE if item.get("definitionId") == OTHER_SOURCE[1] else DEFINITIONS[kind]
            item = {f"{kind}Type": chosen[0].partition("-")[2], "definitionId": chosen[1]} | item
        else:
            manual = {"scheduleType": "manual"}
            defaults: Json = {"dataResidency": "auto", "tags": [], "status": "active", "schedule": manual}
            item = defaults | item
            item.setdefault("configurations", {"streams": []})
            item["workspaceId"] = self.objects["source"].get(str(item["sourceId"]), {}).get("workspaceId")
        self.objects[kind][identity] = item
        return item

    def start(self, connection: str, status: str) -> Json:
        """Add a job."""
        number = next(self._numbers)
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        job = {"jobId": number, "status": status, "jobType": "sync", "startTime": started, "connectionId": connection}
        self.jobs[number] = job | {"lastUpdatedAt": started, "duration": "PT1S", "bytesSynced": 9, "rowsSynced": 3}
        return self.jobs[number]

    def show(self, kind: str, item: Json) -> Json:
        """Return the fields of an object that this generation's document names, with masked secrets."""
        shown = {name: item[name] for name in self.shapes["answers"][kind] if name in item}
        if kind in DEFINITIONS:
            shown["configuration"] = masked(item["configuration"]) | {f"{kind}Type": item[f"{kind}Type"]}
        if kind == "connection":
            names = self.shapes["answers"]["stream"]
            streams = [
                {key: stream[key] for key in names if key in stream} for stream in item["configurations"]["streams"]
            ]
            shown["configurations"] = {"streams": streams}
        return shown

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Json) -> Answer:
        """Answer a request that has valid credentials."""
        if path.startswith(CONFIGURATION):
            return self._configure(path.removeprefix(CONFIGURATION), body)
        if not path.startswith(self.public):
            return 404, problem("resource-not-found")
        plural, _, identity = path.removeprefix(self.public).partition("/")
        kind = plural.removesuffix("s")
        if path == f"{self.public}health":
            return 200, "Successful operation"
        if method in ("POST", "PUT", "PATCH"):
            self._note(f"{method} {kind}", body)
        if kind == "workspace":
            workspace, _, inside = identity.partition("/definitions/")
            if inside and self.cloud and workspace in self.workspaces:
                name, definition = DEFINITIONS[inside.removesuffix("s")]
                shown = {"id": definition, "name": name, "dockerRepository": f"airbyte/{name}", "dockerImageTag": "9"}
                return 200, {"data": [shown]}
            if identity:
                found = self.workspaces.get(identity)
                return (200, self.show("workspace", found)) if found else (404, problem("resource-not-found"))
            return self._page(plural, [self.show("workspace", item) for item in self.workspaces.values()], query)
        if kind == "job":
            return self._job(method, identity, query, body)
        held = self.objects[kind]
        if not identity and method == "GET":
            wanted = query.get("workspaceIds", [])
            items = [item for item in held.values() if not wanted or item["workspaceId"] in wanted]
            return self._page(plural, [self.show(kind, item) for item in items], query)
        if not identity:
            return 200, self.show(kind, self.add(kind, **discovered(kind, body)))
        if identity not in held:
            return 404, problem("resource-not-found")
        if method == "DELETE":
            del held[identity]
            return 204, None
        if method != "GET":
            held[identity] |= discovered(kind, body)
        return 200, self.show(kind, held[identity])

    def _page(self, plural: str, items: list[Json], query: dict[str, list[str]]) -> Answer:
        limit, offset = int(query.get("limit", ["20"])[0]), int(query.get("offset", ["0"])[0])
        if not 1 <= limit <= MOST:
            return 400, problem("bad-request", f"limit must be between 1 and {MOST}")
        rest = {name: value for name, value in query.items() if name not in ("limit", "offset")}
        following = urlencode(rest | {"limit": limit, "offset": offset + limit}, doseq=True)
        more = offset + limit < len(items)
        links = {"previous": "", "next": f"{self.url}{self.public}{plural}?{following}" if more else ""}
        return 200, links | {"data": items[offset : offset + limit]}

    def _job(self, method: str, identity: str, query: dict[str, list[str]], body: Json) -> Answer:
        if method == "POST":
            active = [job for job in self.jobs.values() if job["status"] not in ("succeeded", "failed", "cancelled")]
            if active:
                return 409, problem("try-again-later", f"A sync is already running for: {body['connectionId']}")
            return 200, self.show("job", self.start(body["connectionId"], self.shapes["waiting"]))
        if not identity:
            wanted = query.get("connectionId", [*self.objects["connection"]])
            jobs = [self.show("job", job) for job in self.jobs.values() if job["connectionId"] in wanted]
            newest_first = query.get("orderBy", [""])[0].endswith("|DESC")
            return self._page("jobs", jobs[::-1] if newest_first else jobs, query)
        job = self.jobs[int(identity)]
        if method == "DELETE":
            job["status"] = "cancelled"
        elif self.progress:
            job["status"] = self.progress.pop(0)
        return 200, self.show("job", job)

    def _configure(self, path: str, body: Json) -> Answer:
        if self.cloud and path != "connections/get":
            return 403, {"message": "Forbidden"}
        collection, _, verb = path.partition("/")
        if collection == "instance_configuration":
            if verb == "setup":
                self._note(f"POST {verb}", body)
                if self.is_set_up:
                    return 500, {"message": "Internal Server Error: null"}
                self.is_set_up = body["initialSetupComplete"]
            return 200, {"edition": "community", "initialSetupComplete": self.is_set_up}
        if verb == "create_if_not_exist":
            self._note(f"POST {verb}", body)
            item = {"workspaceId": body["id"], "name": body["name"], "dataResidency": "auto", "notifications": {}}
            return 200, self.workspaces.setdefault(body["id"], item)
        kind = collection.partition("_")[0]
        if collection.endswith("_definitions"):
            listed = [DEFINITIONS[kind], *([OTHER_SOURCE] if kind == "source" else [])]
            return 200, {
                f"{kind}Definitions": [
                    {"dockerRepository": f"airbyte/{name}", f"{kind}DefinitionId": identity}
                    for name, identity in listed
                ]
            }
        if collection.endswith("_definition_specifications"):
            return 200, {"connectionSpecification": SPECIFICATIONS[kind]}
        if path == "connections/get":
            item = self.objects["connection"][body["connectionId"]]
            shown = ("connectionId", "name", "prefix", "sourceId", "destinationId", "status")
            return 200, {name: item.get(name, "") for name in shown} | {
                "syncCatalog": {"streams": [catalog_entry(stream) for stream in item["configurations"]["streams"]]},
                "breakingChange": item.get("breakingChange", False),
            }
        if path == "sources/discover_schema":
            self.requests.append(("POST discover_schema", body))
            found = [
                catalog_entry(stream)
                for item in self.objects["connection"].values()
                for stream in item["configurations"]["streams"]
                if item["sourceId"] == body["sourceId"]
            ]
            for entry in found:
                entry["stream"]["jsonSchema"] = {"properties": {"a_new_column": {"type": "integer"}}}
            return 200, {"catalog": {"streams": found}, "jobInfo": {"succeeded": True}}
        return 404, {"message": f"Object not found. {path}", "exceptionClassName": "IdNotFoundKnownException"}

    def _note(self, request: str, body: Json) -> None:
        self.requests.append((request, body))
        allowed = set(self.shapes["requests"].get(request, []))
        self.undocumented += [f"{request}: {name}" for name in body if name not in allowed]
        for stream in body.get("configurations", {}).get("streams", []):
            known = self.shapes["answers"]["stream"]
            self.undocumented += [f"{request}: streams.{name}" for name in stream if name not in known]

    def refuses(self, header: str | None) -> bool:
        """Return whether a request with this Authorization header is refused."""
        if self.shapes["authentication"] == "basic":
            return header != "Basic " + base64.b64encode(":".join(USER).encode()).decode()
        number = (header or "").removeprefix("Bearer token-")
        if not number.isdigit() or int(number) >= len(self.tokens) or self.tokens[int(number)] == 0:
            return True
        self.tokens[int(number)] -= 1
        return False

    def token(self, body: Json) -> Answer:
        """Answer with a token that is valid for a number of requests."""
        if {name: body.get(name) for name in CLIENT} != CLIENT:
            return 401, problem("unauthorized")
        self.tokens.append(self.token_uses)
        return 200, {"access_token": f"token-{len(self.tokens) - 1}", "token_type": "Bearer", "expires_in": 900}


def masked(value: Any, name: str = "") -> Any:
    """Return a configuration as a read shows it."""
    if isinstance(value, dict):
        return {key: masked(item, key) for key, item in value.items()}
    return MASK if name in ("aws_access_key_id", "aws_secret_access_key", "credentials_json") else value


def discovered(kind: str, body: Json) -> Json:
    """Return a request's values with what Airbyte fills in: the cursor that source-s3 defines for its streams."""
    for stream in body.get("configurations", {}).get("streams", []):
        if stream["syncMode"].startswith("incremental_"):
            stream.setdefault("cursorField", ["_ab_source_file_last_modified"])
    return body


def catalog_entry(stream: Json) -> Json:
    """Return an AirbyteStreamAndConfiguration of the configuration API."""
    offered = {"name": stream["name"], "jsonSchema": {"properties": {}}, "sourceDefinedCursor": True}
    return {"stream": offered, "config": {"selected": True, "aliasName": stream["name"]}}


def problem(kind: str, message: str = "") -> Json:
    """Return a problem of the public API."""
    return {
        "status": 0,
        "type": f"https://reference.airbyte.com/reference/errors#{kind}",
        "title": kind,
        "detail": message,
    }


@contextmanager
def serve(generation: str, *, cloud: bool = False) -> Iterator[Fake]:
    """Serve a fake on a free port of loopback."""
    fake = Fake(generation, cloud)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two packets: 40 ms a request otherwise

        def handle_any(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            form = "urlencoded" in self.headers.get("Content-Type", "")  # the SDK asks for a token in this form
            body = dict(parse_qsl(content.decode())) if form else json.loads(content or b"{}")
            parts = urlsplit(self.path)
            if parts.path == f"{fake.public}applications/token":
                self.send(*fake.token(body))
            elif fake.refuses(self.headers.get("Authorization")):
                self.send(401, {"message": "Unauthorized"})
            else:
                name = f"{self.command} {parts.path}"

                def work() -> Answer:
                    return fake.answer(self.command, parts.path, parse_qs(parts.query), body)

                faulty = (answer for fault in list(fake.faults) if (answer := fault(name, work)))
                self.send(*(next(faulty, None) or work()))

        def send(self, status: int, content: Any) -> None:
            fake.refused += status == 401
            data = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        server.daemon_threads = True
        fake.url = f"http://127.0.0.1:{server.server_port}"
        yield fake


def once(
    request: str, does: Callable[[Callable[[], Answer]], Answer]
) -> Callable[[str, Callable[[], Answer]], Answer | None]:
    """Return a fault of the first request whose "METHOD path" ends like this."""
    left = [request]

    def fault(name: str, work: Callable[[], Answer]) -> Answer | None:
        return does(work) if left and name.endswith(request) and left.pop() else None

    return fault
