"""A platform on Docker Compose in a copy of this checkout: the README's commands, and clients of what they start."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import airbyte_api
import docker
import httpx
from airbyte_api import models
from docker.models.containers import Container
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from testcontainers.compose import DockerCompose
from types_boto3_s3 import S3Client

from platform_kit.s3 import client
from tools import dagster_run
from tools.local.free_ports import free_ports
from tools.settings_table import TABLE

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "artifacts" / "e2e"
Filters = dict[str, str | list[str] | bool]
PORTS = tuple(setting.name for setting in TABLE.values() if setting.port_of)
FIGURES = """
select
    (select count(*) from {0}.jaffle_shop_customers),
    (select count(*) from {0}.jaffle_shop_orders),
    (select count(*) from {0}.stripe_payments),
    (select count(*) from {0}_trusted.fct_orders),
    (select sum(amount) from {0}_trusted.fct_orders),
    (select min(order_date) from {0}_trusted.fct_orders),
    (select count(*) from {0}_trusted.dim_customers),
    (select countif(number_of_orders > 0) from {0}_trusted.dim_customers)
"""
EXPECTED = (100, 99, 120, 99, Decimal("1672.00"), date(2018, 1, 1), 100, 62)
RUN = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
RETRIES = """query ($id: String!) { runsOrError(filter: {tags: [{key: "dagster/parent_run_id", value: $id}]}) {
  ... on Runs { results { runId status } } } }"""


def eventually(what: str, check: Callable[[], Any], seconds: float = 60) -> Any:
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.25)


def container_memory(container: Container) -> float:
    """Return the memory (MiB) of a container, as `docker stats` tells it: without the page cache."""
    told = container.stats(stream=False)
    stats = told["memory_stats"] if isinstance(told, dict) else {}
    return float(stats.get("usage", 0) - stats.get("stats", {}).get("inactive_file", 0)) / 2**20


@dataclass
class Stack:
    """One platform: the folder that its checkout is copied to, and the engine it runs on."""

    folder: Path
    engine: docker.DockerClient

    def copy(self) -> None:
        """Copy the checkout's own files, the uncommitted ones too, and give the copy a name and ports of its own."""
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
            if name and (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)
        self.make("env")
        text = (self.folder / ".env").read_text()
        for variable, port in free_ports(PORTS).items():
            text = re.sub(rf"^{variable}=.*$", f"{variable}={port}", text, flags=re.MULTILINE)
        (self.folder / ".env").write_text(text)

    def make(self, *arguments: str, seconds: float = 1800) -> str:
        """Run a command of the README, show its output and return it. The command must succeed."""
        result = self.try_make(*arguments, seconds=seconds)
        assert result.returncode == 0, f"make {' '.join(arguments)}:\n{result.stdout}"
        return result.stdout

    def try_make(self, *arguments: str, seconds: float = 1800) -> subprocess.CompletedProcess[str]:
        """Run a command of the README and return its outcome; it may fail."""
        result = subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if name != "CI"},  # as at a user's prompt
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
        )
        print(f"$ make {' '.join(arguments)}\n{result.stdout}", flush=True)
        return result

    def run_compose(self, *arguments: str) -> None:
        """Run a docker compose command in the copy that `compose` has no method for."""
        command = [*self.compose.docker_compose_command(), *arguments]
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, f"{command}: {result.stderr}"

    @property
    def compose(self) -> DockerCompose:
        """The Compose project: its configuration, containers and logs. It is started and stopped by `make`."""
        return DockerCompose(self.folder)

    @property
    def env(self) -> dict[str, str]:
        """The variables of .env."""
        return dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", (self.folder / ".env").read_text(), re.MULTILINE))

    @property
    def project(self) -> str:
        """The Compose project."""
        return self.env["COMPOSE_PROJECT_NAME"]

    def url(self, port: str) -> str:
        """The address behind one of PORTS."""
        return f"http://127.0.0.1:{self.env[port]}"

    # --- clients -----------------------------------------------------------------------------------------------------

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query through Google's own client; {0} stands for the dataset."""
        with bigquery.Client(
            self.env["BQ_PROJECT"],
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self.url("WAREHOUSE_PORT")},
        ) as client:
            return [tuple(row.values()) for row in client.query_and_wait(query.format(self.env["BQ_DATASET"]))]

    def figures(self) -> tuple[Any, ...]:
        """The acceptance figures."""
        return self.rows(FIGURES)[0]

    def s3(self) -> S3Client:
        """A client of the platform's S3."""
        return client(self.env | {"AWS_ENDPOINT_URL_S3": self.url("S3_PORT")})

    def airbyte(self) -> airbyte_api.AirbyteAPI:
        """Airbyte's own SDK, with the client credentials of .env."""
        credentials = models.SchemeClientCredentials(
            client_id=self.env["AIRBYTE_CLIENT_ID"],
            client_secret=self.env["AIRBYTE_CLIENT_SECRET"],
            token_url=f"{self.url('AIRBYTE_PORT')}/api/public/v1/applications/token",
        )
        security = models.Security(client_credentials=credentials)
        return airbyte_api.AirbyteAPI(server_url=f"{self.url('AIRBYTE_PORT')}/api/public/v1", security=security)

    def airbyte_has(self, kind: str) -> list[dict[str, Any]]:
        """Airbyte's sources, destinations or connections, as its public API lists them."""
        url = f"{self.url('AIRBYTE_PORT')}/api/public/v1"
        secrets = {"client_id": self.env["AIRBYTE_CLIENT_ID"], "client_secret": self.env["AIRBYTE_CLIENT_SECRET"]}
        token = httpx.post(f"{url}/applications/token", json=secrets).raise_for_status().json()["access_token"]
        answer = httpx.get(f"{url}/{kind}", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        listed: list[dict[str, Any]] = answer.json()["data"]
        return listed

    def dagster(self, query: str, **variables: Any) -> dict[str, Any]:
        """Ask Dagster's GraphQL API."""
        return dagster_run.query(self.url("DAGSTER_PORT"), query, variables)

    def launch(self, job: str = dagster_run.JOB) -> str:
        """Launch a job, without a name the whole one, and return the run's id."""
        return dagster_run.launch(self.url("DAGSTER_PORT"), job)

    def follow(self, run_id: str) -> Iterator[dict[str, Any]]:
        """Yield a run's events as they come."""
        return dagster_run.follow(self.url("DAGSTER_PORT"), run_id)

    def ended(self, run_id: str, seconds: float = 180) -> str:
        """Wait for a run's end and return its status; the webserver may be away meanwhile."""

        def status() -> str | None:
            try:
                found = str(self.dagster(RUN, id=run_id)["runOrError"]["status"])
            except (OSError, dagster_run.DagsterRunError):
                return None
            return found if found in dagster_run.FINISHED else None

        return str(eventually(f"run {run_id} ends", status, seconds))

    def retry_of(self, run_id: str) -> str:
        """Wait for the run that retries another, and return its id."""

        def retry() -> str | None:
            results = self.dagster(RETRIES, id=run_id)["runsOrError"]["results"]
            return str(results[0]["runId"]) if results else None

        return str(eventually(f"a retry of {run_id}", retry, 60))

    # --- the engine --------------------------------------------------------------------------------------------------

    def containers(self, *labels: str) -> list[Container]:
        """The containers of the services, running or not, that have these labels too.

        The engine answers in milliseconds; `docker compose ps` takes a third of a second.
        """
        own = [f"com.docker.compose.project={self.project}", "com.docker.compose.oneoff=False", *labels]
        return self.engine.containers.list(all=True, filters={"label": own}, ignore_removed=True)

    def container(self, service: str) -> Container:
        """The container of a service."""
        [container] = self.containers(f"com.docker.compose.service={service}")
        return container

    def worker(self, run_id: str) -> Container:
        """Wait for the run worker of a run to be there, and return it."""
        labels = [f"data-platform.run-worker={self.project}", f"dagster/run_id={run_id}"]
        found = eventually("a run worker", lambda: self.engine.containers.list(filters={"label": labels}), 30)
        container: Container = found[0]
        return container

    def left_over(self) -> dict[str, list[str]]:
        """The names of the platform's containers, networks and volumes on the engine."""
        mine: Filters = {"label": f"com.docker.compose.project={self.project}"}
        workers: Filters = {"label": f"data-platform.run-worker={self.project}"}
        containers = [
            *self.engine.containers.list(True, filters=mine),
            *self.engine.containers.list(True, filters=workers),
        ]
        return {
            "containers": sorted(str(container.name) for container in containers),
            "networks": sorted(str(network.name) for network in self.engine.networks.list(filters=mine)),
            "volumes": sorted(str(volume.name) for volume in self.engine.volumes.list(filters=mine)),
        }

    def healthy(self) -> bool:
        """Whether every service is healthy, or done."""
        states = [container.attrs["State"] for container in self.containers()]
        return bool(states) and all(
            (state.get("Health") or {}).get("Status") == "healthy"
            or (state["Status"], state["ExitCode"]) == ("exited", 0)
            for state in states
        )

    def keep_evidence(self) -> None:
        """Write versions, configuration, states and logs into artifacts/e2e, without secrets, and show their ends."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        secrets = [value for name, value in self.env.items() if name in TABLE and TABLE[name].secret]
        commands = {
            "versions": ["docker", "version"],
            "config": ["docker", "compose", "config"],
            "ps": ["docker", "compose", "ps", "--all"],
            "logs": ["docker", "compose", "logs", "--no-color", "--timestamps"],
        }
        for name, command in commands.items():
            result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120)
            text = result.stdout + result.stderr
            for secret in secrets:
                text = text.replace(secret, "(redacted)")
            (ARTIFACTS / f"{name}.txt").write_text(text)
            print(f"--- {name} (all of it: artifacts/e2e/{name}.txt)\n{text[-6000:]}", flush=True)
        for worker in self.engine.containers.list(True, filters={"label": f"data-platform.run-worker={self.project}"}):
            (ARTIFACTS / f"run-worker-{worker.short_id}.txt").write_bytes(worker.logs())
