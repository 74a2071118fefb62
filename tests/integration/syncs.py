"""A small client of airbyte-lite's public API for tests: one stream from S3 to one table, synced and looked at."""

import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
from google.cloud import bigquery

S3_DEFINITION = "69589781-7828-43c5-9f63-8925b1c1ccc2"
BIGQUERY_DEFINITION = "22f6c74f-5699-40ff-833c-4a879ea40133"
ENDED = {"succeeded", "failed", "cancelled", "incomplete"}
CSV = {
    "filetype": "csv",
    "encoding": "utf-8-sig",
    "inference_type": "Primitive Types Only",
    "null_values": [""],
    "true_values": ["true"],
    "false_values": ["false"],
}


def s3_configuration(url: str, bucket: str, stream: str, globs: list[str], **settings: Any) -> dict[str, Any]:
    """Return a source-s3 configuration that reads one stream of CSV files."""
    return {
        "bucket": bucket,
        "endpoint": url,
        "region_name": "us-east-1",
        "credentials": {"auth_type": "iam_user", "aws_access_key_id": "test", "aws_secret_access_key": "test"},
        "delivery_method": {"delivery_type": "use_records_transfer"},
        "streams": [
            {"name": stream, "globs": globs, "validation_policy": "Emit Record", "format": CSV} | settings,
        ],
    }


@dataclass(frozen=True)
class Syncs:
    """Creates sources, destinations and connections in airbyte-lite and runs their jobs."""

    http: httpx.Client  # its base URL is airbyte-lite's address
    bigquery: bigquery.Client

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send one request to the public API and return the answer's body. Raises httpx.HTTPStatusError."""
        answer = self.http.request(method, f"/api/public/v1/{path}", json=body)
        assert not answer.is_error, answer.text
        content: dict[str, Any] = answer.json() if answer.content else {}
        return content

    def workspace(self) -> str:
        """Return the id of a new workspace."""
        identity: str = self.call("POST", "workspaces", {"name": f"tests {uuid.uuid4().hex[:8]}"})["workspaceId"]
        return identity

    def connect(
        self,
        source: dict[str, Any],
        dataset: str,
        sync_mode: str,
        primary_key: str | None = None,
        workspace: str | None = None,
        **connection: Any,
    ) -> str:
        """Create a source, a destination and a connection with one stream; return the connection's id."""
        workspace = workspace or self.workspace()
        stream = source["streams"][0]["name"]
        body = {"name": stream, "workspaceId": workspace, "definitionId": S3_DEFINITION, "configuration": source}
        source_id = self.call("POST", "sources", body)["sourceId"]
        destination = {"project_id": "local-dev", "dataset_id": dataset, "dataset_location": "US"}
        body = {
            "name": "warehouse",
            "workspaceId": workspace,
            "definitionId": BIGQUERY_DEFINITION,
            "configuration": destination | {"loading_method": {"method": "Standard"}},
        }
        destination_id = self.call("POST", "destinations", body)["destinationId"]
        streams: dict[str, Any] = {"name": stream, "syncMode": sync_mode}
        if primary_key:
            streams["primaryKey"] = [[primary_key]]
        body = {
            "name": stream,
            "sourceId": source_id,
            "destinationId": destination_id,
            "configurations": {"streams": [streams]},
            "nonBreakingSchemaUpdatesBehavior": "propagate_columns",
        }
        identity: str = self.call("POST", "connections", body | connection)["connectionId"]
        return identity

    def start(self, connection: str, job_type: str = "sync") -> int:
        """Start a job; return its id."""
        identity: int = self.call("POST", "jobs", {"connectionId": connection, "jobType": job_type})["jobId"]
        return identity

    def wait(self, job: int, seconds: float = 240) -> dict[str, Any]:
        """Wait until a job has ended and return it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.call("GET", f"jobs/{job}")
            if answer["status"] in ENDED:
                return answer
            time.sleep(0.05)
        raise AssertionError(f"job {job} has not ended after {seconds} s")

    def sync(self, connection: str, expect: str = "succeeded") -> dict[str, Any]:
        """Run a sync to its end and return the job; its status must be the expected one."""
        job = self.wait(self.start(connection))
        assert job["status"] == expect, self.log(job["jobId"])
        return job

    def log(self, job: int) -> str:
        """Return a job's log."""
        answer = self.http.post("/api/v1/jobs/get", json={"id": job}).raise_for_status().json()
        return "\n".join(line for attempt in answer["attempts"] for line in attempt["logs"]["logLines"])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return a query's rows as tuples."""
        return [tuple(row.values()) for row in self.bigquery.query_and_wait(query)]
