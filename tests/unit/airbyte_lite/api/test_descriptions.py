"""What the server says about itself: the definitions of its connectors, and its OpenAPI page."""

from typing import Any

from .airbyte_answers import CONFIGURATION, PUBLIC
from .examples import WORKSPACE


def test_definitions(api: Any) -> None:
    found = api.get(f"{PUBLIC}/workspaces/{WORKSPACE}/definitions/sources").json()["data"]
    assert {row["dockerRepository"] for row in found} >= {"airbyte/source-s3", "airbyte/source-declarative-manifest"}
    [bigquery] = api.post(f"{CONFIGURATION}/destination_definitions/list").json()["destinationDefinitions"]
    body = {"destinationDefinitionId": bigquery["destinationDefinitionId"], "workspaceId": WORKSPACE}
    specification = api.post(f"{CONFIGURATION}/destination_definition_specifications/get", json=body).json()
    assert specification["connectionSpecification"]["properties"]["credentials_json"]["airbyte_secret"] is True
    assert "append_dedup" in specification["supportedDestinationSyncModes"]


def test_openapi_page(api: Any) -> None:
    operations = [
        (path, method, operation)
        for path, methods in api.get("/openapi.json").json()["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 40
    assert [(path, method) for path, method, operation in operations if not operation.get("tags")] == []
    summaries = [operation["summary"] for _, _, operation in operations]
    assert all(summary and summary[0].isupper() for summary in summaries)
    assert api.get("/docs").status_code == 200
