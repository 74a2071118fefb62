"""A stand-in for Airbyte's server: answers by method and path, in the shapes of Airbyte's two APIs."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from console.clients.airbyte import Airbyte
from console.settings import Settings

type Json = dict[str, Any]
type Answer = Json | Callable[[Json], Json]

WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"
PUBLIC, CONFIGURATION = "/api/public/v1", "/api/v1"


class Server:
    """Answers what a test has set; notes every request."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers, self.requests = answers, list[tuple[str, Json]]()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path}"
        given = json.loads(request.content) if request.content else dict(request.url.params)
        self.requests.append((name, given))
        if name not in self.answers:
            return httpx.Response(404, json={"message": f"{name}: Not Found"})
        found = self.answers[name]
        return httpx.Response(200, json=found(given) if callable(found) else found)

    def ask[T](self, question: Callable[[Airbyte], Coroutine[Any, Any, T]]) -> T:
        """Return what a function of the console's client returns."""

        async def asked() -> T:
            airbyte = Airbyte(Settings(), httpx.MockTransport(self.answer))
            try:
                return await question(airbyte)
            finally:
                await airbyte.close()

        return asyncio.run(asked())


def connection(number: int, **more: Any) -> Json:
    """Return a connection of the public API."""
    return {
        "connectionId": f"c{number}",
        "name": f"connection {number}",
        "sourceId": "s1",
        "destinationId": "d1",
        "status": "active",
        "schedule": {"scheduleType": "manual"},
        "configurations": {"streams": [{"name": "orders"}]},
        **more,
    }


def job(number: int, connection_id: str = "c1", status: str = "succeeded", **more: Any) -> Json:
    """Return a job of the public API."""
    return {
        "jobId": number,
        "status": status,
        "jobType": "sync",
        "connectionId": connection_id,
        "startTime": "2026-11-05T12:00:00Z",
        "duration": "PT1M2.5S",
        "rowsSynced": 99,
        "bytesSynced": 28037,
        **more,
    }


CATALOG: Json = {
    "streams": [
        {
            "stream": {
                "name": "orders",
                "jsonSchema": {
                    "properties": {
                        "id": {"type": ["null", "integer"]},
                        "at": {"type": ["null", "string"], "format": "date-time"},
                        "tags": {"type": "array", "items": {"type": "string"}},
                    }
                },
                "supportedSyncModes": ["full_refresh", "incremental"],
            },
            "config": {
                "syncMode": "incremental",
                "destinationSyncMode": "append_dedup",
                "primaryKey": [["id"]],
                "cursorField": ["at"],
                "selected": True,
                "fieldSelectionEnabled": True,
                "selectedFields": [{"fieldPath": ["id"]}, {"fieldPath": ["at"]}],
            },
        },
        {"stream": {"name": "left out", "jsonSchema": {}}, "config": {"selected": False}},
    ]
}
SPECIFICATION: Json = {
    "connectionSpecification": {
        "properties": {"token_url": {"type": "string"}, "key": {"type": "string", "airbyte_secret": True}}
    }
}


def detail_answers(**more: Answer) -> dict[str, Answer]:
    """Return the answers about one connection, c1."""
    return {
        f"POST {CONFIGURATION}/connections/get": {
            "connectionId": "c1",
            "name": "orders",
            "sourceId": "s1",
            "destinationId": "d1",
            "status": "active",
            "scheduleType": "manual",
            "prefix": "raw-",
            "syncCatalog": CATALOG,
        },
        f"GET {PUBLIC}/jobs": {"data": [job(2, status="failed"), job(1)]},
        f"POST {CONFIGURATION}/jobs/list": {
            "jobs": [
                {
                    "job": {"id": 2},
                    "attempts": [
                        {
                            "failureSummary": {
                                "failures": [{"externalMessage": "no such bucket", "failureOrigin": "source"}]
                            }
                        }
                    ],
                },
                {
                    "job": {"id": 1},
                    "attempts": [{"failureSummary": {"failures": [{"externalMessage": "first attempt"}]}}],
                },
            ]
        },
        f"GET {PUBLIC}/sources/s1": {
            "name": "shop",
            "sourceType": "shop-api",
            "definitionId": "x1",
            "workspaceId": WORKSPACE,
            "configuration": {
                "sourceType": "shop-api",
                "token_url": "https://a",
                "key": "k",
                "other_password": "p",
                "n": [1],
            },
        },
        f"GET {PUBLIC}/destinations/d1": {
            "name": "warehouse",
            "destinationType": "bigquery",
            "configuration": {"project_id": "p", "dataset_id": "p:d", "credentials_json": "{}"},
        },
        f"POST {CONFIGURATION}/source_definition_specifications/get": SPECIFICATION,
        **more,
    }
