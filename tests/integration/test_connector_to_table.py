"""From nothing to a table: `make connector`, the block that it prints, `make apply`, and a sync."""

import re
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from google.cloud import bigquery as google_bigquery

from tools.local.free_ports import free_ports
from tools.local.platform import Platform
from tools.local.processes import Supervisor

from .connector_checkout import Run, checkout, run
from .package_index import publish, use
from .running import RunningPlatform
from .test_bootstrap_roundtrip import Setup

__all__ = ["run"]
PROGRAM = '''
"""A source of so many users as its configuration says. It can tell its streams without an account."""
import json, pathlib, sys

COUNT = {"type": "integer", "title": "Count", "default": 3}
USERS = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}

def say(kind, **body):
    print(json.dumps({"type": kind, **body}), flush=True)

def status(word):
    described = {"stream_descriptor": {"name": "users"}, "status": word}
    say("TRACE", trace={"type": "STREAM_STATUS", "emitted_at": 1.0, "stream_status": described})

def run():
    command, *options = sys.argv[1:]
    given = dict(zip(options[::2], options[1::2]))
    if command == "spec":
        return say("SPEC", spec={"connectionSpecification": {"type": "object", "properties": {"count": COUNT}}})
    configuration = json.loads(pathlib.Path(given["--config"]).read_text())
    if command == "check":
        return say("CONNECTION_STATUS", connectionStatus={"status": "SUCCEEDED"})
    if command == "discover":
        stream = {"name": "users", "json_schema": USERS, "supported_sync_modes": ["full_refresh"]}
        return say("CATALOG", catalog={"streams": [stream]})
    status("STARTED")
    for number in range(configuration["count"]):
        say("RECORD", record={"stream": "users", "emitted_at": 1, "data": {"id": number, "name": f"user {number}"}})
    status("COMPLETE")
'''
HEAD = f"""\
workspace: {{id: {uuid.uuid4()}, name: From nothing}}
destinations:
  - name: warehouse
    connector: destination-bigquery
    configuration: {{project_id: local-dev, dataset_id: DATASET, dataset_location: US}}
connections:
"""


def test_from_nothing_to_a_table(
    run: Run,
    local_platform: RunningPlatform,
    bigquery: google_bigquery.Client,
    dataset: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    places = checkout(tmp_path / "checkout", use(tmp_path, monkeypatch), monkeypatch)
    publish(tmp_path, "1.0", PROGRAM)
    assert run("add", name="source-stand-in", yes="1") == 0
    (block,) = re.findall(r"^  - name: .*?(?=^\S)", capfd.readouterr().out, re.MULTILINE | re.DOTALL)
    file = places.root / "connections.yaml"
    file.write_text(f"{HEAD.replace('DATASET', dataset)}{block}")

    ports = local_platform.settings.ports | {"airbyte": free_ports(["airbyte"])["airbyte"]}
    platform = RunningPlatform(Platform(tmp_path, ports), local_platform.services, local_platform.commands)
    service = platform.settings.airbyte()
    connectors = {"CONNECTORS_DIR": str(places.connectors), "CONNECTOR_ENVIRONMENTS": str(places.environments)}
    with Supervisor(tmp_path / "logs") as services:
        services.start(replace(service, environment=service.environment | connectors)).wait()
        setup = Setup(platform, file, {"CONNECTIONS_FILE": str(file), "BOOTSTRAP_STATE_DIR": str(tmp_path / "state")})
        applied = setup.run("apply")
        assert applied.returncode == 0, applied.stdout + applied.stderr
        assert setup.sync("stand_in") == 3
    rows = bigquery.query_and_wait(f"select id, name from {dataset}.users order by id")
    assert [tuple(row.values()) for row in rows] == [(number, f"user {number}") for number in range(3)]
