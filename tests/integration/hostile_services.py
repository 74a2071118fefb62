"""Stand-ins for Airbyte and Dagster. A given text is in each answer: as a name, a message, a log line or a column."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.serving import serving

type Json = dict[str, Any]


def airbyte(text: str) -> Callable[[str, str], Json | None]:
    """Return what Airbyte answers to a method and path: one connection with a failed job."""
    failures = {"failures": [{"externalMessage": text, "failureOrigin": text}]}
    job = {"jobId": 1, "connectionId": "c1", "jobType": "sync", "status": "failed", "startTime": "2026-01-31T12:00:00Z"}
    column = {text: {"type": ["null", "string"]}}
    stream = {"name": text, "jsonSchema": {"properties": column}, "supportedSyncModes": ["full_refresh"]}
    config = {"syncMode": "full_refresh", "destinationSyncMode": "overwrite", "selected": True, "primaryKey": [[text]]}
    catalog = {"streams": [{"stream": stream, "config": config}]}
    settings = {"name": text, "sourceType": text, "destinationType": text, "configuration": {text: text}}
    public, configuration = "/api/public/v1", "/api/v1"
    answers: dict[str, Json] = {
        f"GET {public}/connections": {
            "data": [{"connectionId": "c1", "name": text, "sourceId": "s1", "destinationId": "d1"}]
        },
        f"GET {public}/sources": {"data": [{"sourceId": "s1", "name": text}]},
        f"GET {public}/destinations": {"data": [{"destinationId": "d1", "name": text}]},
        f"GET {public}/workspaces": {"data": [{"workspaceId": "w1", "name": text}]},
        f"GET {public}/jobs": {"data": [job]},
        f"GET {public}/sources/s1": settings,
        f"GET {public}/destinations/d1": settings,
        f"POST {configuration}/jobs/list": {"jobs": [{"job": {"id": 1}, "attempts": [{"failureSummary": failures}]}]},
        f"POST {configuration}/jobs/get": {
            "job": {"status": "failed"},
            "attempts": [{"attempt": {"failureSummary": failures}, "logs": {"logLines": [f"\u001b[31m {text}"]}}],
        },
        f"POST {configuration}/connections/get": {
            **{"connectionId": "c1", "name": text, "sourceId": "s1", "destinationId": "d1", "status": "active"},
            **{"scheduleType": "manual", "syncCatalog": catalog, "prefix": ""},
        },
        f"POST {configuration}/state/get": {
            "stateType": "stream",
            "streamState": [{"streamDescriptor": {"name": text}, "streamState": {text: text}}],
        },
        f"POST {configuration}/source_definitions/list": {
            "sourceDefinitions": [{"sourceDefinitionId": "x1", "name": text, "dockerRepository": text}]
        },
        f"POST {configuration}/source_definition_specifications/get": {
            "connectionSpecification": {"properties": {text: {"type": "string", "title": text, "description": text}}}
        },
    }
    return lambda method, path: answers.get(f"{method} {path}")


def dagster(text: str) -> Callable[[str, str], Json | None]:
    """Return what Dagster answers to any query of the console: a table with a failed check, and a failed run."""
    table = {"records": [json.dumps({"data": {text: text}})], "schema": {"columns": [{"name": text}]}}
    entries = [{"label": "query", "text": text}, {"label": text, "intRepr": "7"}, {"label": "rows", "table": table}]
    execution = {
        **{"status": "FAILED", "timestamp": 1767225600.0, "runId": "r", "stepKey": text},
        "evaluation": {"severity": "ERROR", "success": False, "description": text, "metadataEntries": entries},
    }
    check = {"name": text, "description": text, "blocking": True, "executionForLatestMaterialization": execution}
    node = {
        **{"assetKey": {"path": ["shop", text]}, "groupName": text, "kinds": [text], "description": text},
        **{"isMaterializable": True, "dependencyKeys": [], "freshnessStatusInfo": None},
        "metadataEntries": [{"label": "dagster/table_name", "text": f"local-dev.shop.{text}"}],
        "assetMaterializations": [{"timestamp": "1767225600000", "runId": "r", "metadataEntries": []}],
        "assetChecksOrError": {"checks": [check]},
    }
    run = {
        **{"runId": "r", "status": "FAILURE", "jobName": text, "startTime": 1.0, "endTime": 2.0, "creationTime": 1.0},
        **{"assetSelection": None, "tags": [{"key": "dagster/schedule_name", "value": text}]},
        **{"assetMaterializations": [], "stats": {"stepsFailed": 1}},
    }
    data = {
        **{"assetNodes": [node], "assetsLatestInfo": [], "runsOrError": {"results": [run]}, "version": text},
        "workspaceOrError": {"locationEntries": [{"name": text, "locationOrLoadError": {"message": text}}]},
        "instance": {"daemonHealth": {"allDaemonStatuses": []}},
        **{"assetCheckExecutions": [execution], "runOrError": {"assets": [], "assetMaterializations": []}},
    }
    return lambda _method, path: {"data": data} if path == "/graphql" else None


@contextmanager
def served(answer: Callable[[str, str], Json | None], port: int = 0) -> Iterator[str]:
    """Serve answers on a port, by default a free one, and yield the address. An unknown path gets 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            path = urlsplit(self.path).path
            found = {} if path.endswith("/health") else answer(self.command, path)
            content = json.dumps({"message": f"{path}: Not Found"} if found is None else found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with serving(ThreadingHTTPServer(("127.0.0.1", port), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"
