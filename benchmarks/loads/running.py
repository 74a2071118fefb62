"""The services that load files: S3, the emulator, the stand-in for Google, and an airbyte-lite for each way to load."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

import platform_kit.s3
from benchmarks.figures import FRONT, S3
from benchmarks.loads import google_front
from benchmarks.loads.cases import Case
from benchmarks.measure import Part
from tests.integration.syncs import ENDED, Syncs, s3_configuration
from tools.local.free_ports import free_ports
from tools.local.platform import ENVIRONMENTS, Platform, python
from tools.local.processes import Supervisor
from tools.settings_table import PORTS, TABLE

SYNC_SECONDS = 900
BUCKET, DATASET, STREAM = "bench", "bench", "orders"
COLUMNS = {
    "id": "integer",
    "user_id": "integer",
    "order_date": "string",
    "status": "string",
    "amount": "number",
    "note": "string",
    "is_paid": "boolean",
    "reference": "string",
}
"""The first columns of the files, which `make_files.py` writes, with their types. All later ones are integers."""
PARTS = {"warehouse": "emulator", "s3": S3, "front": FRONT}
"""How the page calls a service."""
CONNECTOR_COMMAND = str(ENVIRONMENTS / "connectors/source-s3/bin/source-s3")
MAKE_FILES = Path(__file__).with_name("make_files.py")


class Loading:
    """The running services and the files of the case that is measured."""

    def __init__(self, folder: Path, services: Supervisor) -> None:
        """Start the services, with an airbyte-lite for each way to load; `folder` keeps all their data."""
        self.folder, self.services = folder, services
        self.platform = Platform(folder, free_ports(PORTS))
        self.platform.prepare()
        front = free_ports(["front"])["front"]
        services.start(self.platform.s3())
        # airbyte-lite needs the key that the front writes.
        services.start(google_front.service(self.platform.url("warehouse"), front, folder)).wait()
        ways = {
            "batches": {"AIRBYTE_LITE_BATCHES": "true"},
            "records": {"AIRBYTE_LITE_BATCHES": "false"},
            "google": google_front.settings(front, folder),
        }
        self.ways = {way: Platform(folder / way, self.platform.ports | free_ports(["airbyte"])) for way in ways}
        for way, variables in ways.items():
            service = self.ways[way].airbyte()
            services.start(dataclasses.replace(service, name=way, environment=service.environment | variables))
        services.wait()
        self.s3 = platform_kit.s3.client(self.platform.environment)
        self.s3.create_bucket(Bucket=BUCKET)
        self.connections: dict[str, str] = {}

    @contextmanager
    def case(self, case: Case) -> Iterator[None]:
        """Make the files, upload them, and start a new emulator without tables; remove all of it at the end."""
        local = self.files(case)
        numbers = map(str, (case.rows, case.columns, case.files))
        subprocess.run([python("warehouse"), MAKE_FILES, local, case.kind, *numbers], check=True)
        try:
            for file in local.iterdir():
                self.upload(case, file)
            self.services.start(self.platform.warehouse()).wait()
            self.bigquery.create_dataset(DATASET)
            self.connections.clear()
            yield
        finally:
            if "warehouse" in self.services.processes:
                self.services.processes.pop("warehouse").stop()
            shutil.rmtree(self.folder / "warehouse", ignore_errors=True)
            for file in local.iterdir():
                self.s3.delete_object(Bucket=BUCKET, Key=f"{case.name}/{file.name}")
            shutil.rmtree(local)

    @property
    def bigquery(self) -> bigquery.Client:
        """Google's client for the emulator."""
        options = {"api_endpoint": self.platform.url("warehouse")}
        return bigquery.Client(TABLE["BQ_PROJECT"].default, AnonymousCredentials(), client_options=options)

    def files(self, case: Case) -> Path:
        """The folder of the case's local files."""
        return self.folder / "files" / case.name

    def configuration(self, case: Case) -> dict[str, Any]:
        """The configuration of source-s3 for the case's files."""
        found = s3_configuration(self.platform.url("s3"), BUCKET, STREAM, [f"{case.name}/*"])
        if case.kind != "csv":
            found["streams"][0]["format"] = {"filetype": case.kind}
        return found

    def declared(self, case: Case) -> dict[str, Any]:
        """The configuration, with declared columns for CSV files."""
        found = self.configuration(case)
        if case.kind == "csv":
            measures = {f"measure_{at}": "integer" for at in range(1, case.columns - len(COLUMNS) + 1)}
            found["streams"][0]["input_schema"] = json.dumps(COLUMNS | measures)
        return found

    def connect(self, case: Case, way: str, mode: str, prefix: str) -> str:
        """Make a connection for the case's files in the airbyte-lite of a way; return its id."""
        with self.client(way) as syncs:
            return syncs.connect(self.configuration(case), DATASET, mode, "id", prefix=prefix)

    def run(self, way: str, connection: str, rows: int) -> None:
        """Run a connection by its name in `connections`. Raises RuntimeError unless it has read so many rows."""
        with self.client(way) as syncs:
            job = wait(syncs, syncs.start(self.connections[connection]))
            if job["status"] != "succeeded" or job["rowsSynced"] != rows:
                raise RuntimeError(f"sync {job['status']}, {job.get('rowsSynced')} of {rows} rows")
            if way != "records" and "is read in batches" not in syncs.log(job["jobId"]):
                raise RuntimeError("the stream was not read in batches")

    def has_arrived(self, table: str, rows: int) -> None:
        """Raise RuntimeError unless a table (dataset.table) of the emulator has so many rows."""
        query = f"select count(*) as loaded from {table}"  # noqa: S608 -- our own names
        ((found,),) = (row.values() for row in self.bigquery.query_and_wait(query))
        if found != rows:
            raise RuntimeError(f"{table} has {found} of {rows} rows")

    @contextmanager
    def client(self, way: str) -> Iterator[Syncs]:
        """Give a client of the airbyte-lite of a way."""
        with httpx.Client(base_url=self.ways[way].url("airbyte"), timeout=60) as http:
            yield Syncs(http, self.bigquery)

    def upload(self, case: Case, file: Path) -> None:
        """Upload one of the case's files."""
        self.s3.upload_file(str(file), BUCKET, f"{case.name}/{file.name}")

    def parts(self, *names: str) -> list[Part]:
        """The parts of the services of these names; airbyte-lite and its connectors are two parts."""
        found = []
        for name in names:
            pid = self.services.processes[name].popen.pid
            if name in self.ways:
                found += [Part("airbyte-lite", pid, "process"), Part("connector", pid, "children")]
            else:
                found.append(Part(PARTS[name], pid))
        return found

    def discovered(self, case: Case) -> dict[str, Any]:
        """The configured catalog that source-s3's own command discovers for the case's files."""
        config = self.folder / "config.json"
        config.write_text(json.dumps(self.configuration(case)))
        found = subprocess.run(
            [CONNECTOR_COMMAND, "discover", "--config", config], capture_output=True, text=True, check=True, timeout=120
        )
        messages = [json.loads(line) for line in found.stdout.splitlines() if '"CATALOG"' in line]
        stream = messages[-1]["catalog"]["streams"][0]
        return {"streams": [{"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}]}


def wait(syncs: Syncs, job: int) -> dict[str, Any]:
    """Wait until a job has ended and return it. The pauses are 2 % of the time, so that asking costs next to nothing.

    Raises RuntimeError after SYNC_SECONDS.
    """
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < SYNC_SECONDS:
        answer = syncs.call("GET", f"jobs/{job}")
        if answer["status"] in ENDED:
            return answer
        time.sleep(max(0.05, 0.02 * elapsed))
    raise RuntimeError(f"the sync has not ended after {SYNC_SECONDS} s")
