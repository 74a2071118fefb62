"""The Dagster run that started a job of Airbyte: each load of a table notes the job's number."""

from __future__ import annotations

from collections.abc import Sequence

from console.clients.calls import ServiceError
from console.clients.dagster import Dagster

LOADS = """query Loads($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  assetMaterializations(limit: 50) { runId metadataEntries { label ... on IntMetadataEntry { intRepr } } } } } }"""
NOTED = "airbyte_job_id"
SECONDS = 5.0


async def run_of(dagster: Dagster, asset_key: Sequence[str], job_id: int) -> str:
    """Return the id of the run whose load noted this job; '' if none did, or if Dagster does not answer."""
    try:
        answer = await dagster.query(LOADS, SECONDS, key={"path": [*asset_key]})
    except ServiceError:
        return ""
    loads = (answer.get("assetNodeOrError") or {}).get("assetMaterializations") or []
    for load in loads:
        noted = {entry["label"]: entry.get("intRepr") for entry in load.get("metadataEntries") or []}
        if noted.get(NOTED) == str(job_id):
            return str(load["runId"])
    return ""
