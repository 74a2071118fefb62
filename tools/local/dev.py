"""`make dev`: the services of the demo, left running on fixed ports, with reload on change. Ctrl-C stops them."""

import json
import socket
import sys
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import dagster_run
from local.demo import StepError, bootstrap, step
from local.platform import PORTS, ROOT, Platform, warn
from local.processes import ServiceError, Supervisor, interruptible

DIRECTORY = ROOT / ".local" / "dev"
WATCH_SECONDS = 1.0
SOURCES = {".py", ".sql", ".yml", ".yaml", ".md", ".toml", ".csv"}

# What is done when a file below one of these paths changes.
CODE, CONNECTIONS, SEED = "reload the code location", "apply connections.yaml", "upload seed_data"
WATCHED = {
    "services/orchestrator": CODE,
    "dbt_project": CODE,
    "connections.yaml": CONNECTIONS,
    "seed_data": SEED,
    "services/airbyte_lite": "airbyte",
    "services/warehouse": "warehouse",
}


def files(path: Path) -> Iterator[Path]:
    """Yield the source files at or below a path, without what tools generate."""
    if path.is_file():
        yield path
        return
    for directory, folders, names in path.walk():
        folders[:] = [name for name in folders if name not in {"target", "logs", "__pycache__"}]
        yield from (directory / name for name in names if Path(name).suffix in SOURCES)


def snapshot() -> dict[str, int]:
    """Return, for each watched path, a fingerprint of its files' names and times."""
    return {
        name: hash(frozenset((str(file), file.stat().st_mtime_ns) for file in files(ROOT / name) if file.exists()))
        for name in WATCHED
    }


def react(action: str, platform: Platform, services: Supervisor) -> None:
    """Do what a change asks for."""
    print(f"▸ changed: {action if action in {CODE, CONNECTIONS, SEED} else f'restart {action}'}", flush=True)
    if action == SEED:
        bootstrap(platform, "seed")
    elif action == CONNECTIONS:
        bootstrap(platform, "apply")
    elif action != CODE:
        services.restart(action)
    if action in {CODE, CONNECTIONS}:
        dagster_run.query(platform.url("dagster"), "mutation { reloadWorkspace { __typename } }")


def watch(platform: Platform, services: Supervisor) -> NoReturn:
    """React to changes until interrupted; restart what ended. A failed reaction is shown, watching goes on."""
    before = snapshot()
    while True:
        time.sleep(WATCH_SECONDS)
        now = snapshot()
        for action in dict.fromkeys(WATCHED[name] for name in WATCHED if now[name] != before[name]):
            try:
                react(action, platform, services)
            except (StepError, ServiceError, dagster_run.DagsterRunError, urllib.error.URLError) as error:
                warn(f"dev: {error}")
        before = now
        for name, process in services.processes.items():
            if process.popen.poll() is not None:
                warn(
                    f"dev: {name} ended with exit code {process.popen.returncode}; starting it again.\n{process.tail()}"
                )
                services.start(process.service)
                break


def check_ports() -> None:
    """Raise StepError when a port of the platform is taken."""
    for name, port in PORTS.items():
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError as error:
                raise StepError(
                    f"port {port} ({name}) is in use: is the platform running already (`make dev` or `make up`)?\n"
                    "Stop it (Ctrl-C there, or `make down`), then again: make dev"
                ) from error


def main() -> int:
    """Start everything, keep it running, stop it on Ctrl-C; return the exit code."""
    platform = Platform(DIRECTORY, PORTS)
    interruptible()
    settings = DIRECTORY / "environment.json"
    with Supervisor(DIRECTORY / "logs") as services:
        try:
            check_ports()
            with step("start the services"):
                platform.prepare()
                for service in platform.services():
                    services.start(service)
                services.wait(lambda name, seconds: print(f"  {name:<10} healthy after {seconds:4.1f} s", flush=True))
            with step("upload the CSV files, configure Airbyte"):
                bootstrap(platform, "seed")
                bootstrap(platform, "apply")
            settings.write_text(json.dumps(platform.environment))
            print(
                f"\n  Dagster    {platform.url('dagster')}   (materialize all: make run)\n"
                f"  Airbyte    {platform.url('airbyte')}/docs\n"
                f"  BigQuery   {platform.url('warehouse')}   (make sql q='select …')\n"
                f"  S3         {platform.url('s3')}\n"
                f"  Logs       {services.log_directory}\n\n"
                "Changes to dbt_project, connections.yaml, seed_data and services are picked up. Ctrl-C stops all.",
                flush=True,
            )
            watch(platform, services)
        except KeyboardInterrupt:
            print("\n▸ stop the services", flush=True)
            return 0
        except (ServiceError, StepError) as error:
            warn(f"dev: {error}")
            return 1
        finally:
            settings.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
