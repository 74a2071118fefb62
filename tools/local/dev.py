"""`make dev`: runs the services of the demo on the configured ports until Ctrl-C, and reloads what changes."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from tools import dagster_run, endings
from tools.local.claims import DEVELOPMENT, ClaimedError, claim, environment_file, publish
from tools.local.platform import ROOT, Platform, warn
from tools.local.processes import ServiceError, Supervisor, interruptible
from tools.local.startup import StepError, bootstrap, bring_up, step
from tools.stack import ports

WATCH_SECONDS = 1.0
SOURCES = {".py", ".sql", ".yml", ".yaml", ".md", ".toml", ".css"}
SOURCES |= {".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".avro", ".xlsx", ".gz", ".bz2", ".zip"}  # data

# Each action with the paths that trigger it when a file below them changes. The actions run in this order.
CODE, CONNECTIONS, SEED = "reload the code location", "apply connections.yaml", "upload seed_data"
WATCHED = {
    CODE: ["services/orchestrator", "dbt_project", "packages"],  # also when CONNECTIONS fails, before it reloads
    SEED: ["seed_data"],  # before CONNECTIONS, which may read the new files
    "airbyte": ["services/airbyte_lite", "packages/platform_kit"],  # before CONNECTIONS, which may name a new connector
    CONNECTIONS: [
        "connections.yaml",
        "connections.env",
        "services/bootstrap",
        "packages",
    ],  # also reloads the code location
    "warehouse": ["services/warehouse", "packages/platform_kit"],
    "console": ["services/console", "packages"],
}


def files(path: Path) -> Iterator[Path]:
    """Yield the source files at or below a path, without generated files."""
    if path.is_file():
        yield path
        return
    for directory, folders, names in path.walk():
        folders[:] = [name for name in folders if name not in {"target", "logs", "__pycache__"}]
        yield from (directory / name for name in names if Path(name).suffix.lower() in SOURCES)


def snapshot() -> dict[str, int]:
    """Return for each action a fingerprint of its files: their names and modification times."""
    return {
        action: hash(frozenset((str(file), modified(file)) for path in paths for file in files(ROOT / path)))
        for action, paths in WATCHED.items()
    }


def modified(file: Path) -> int:
    """Return a file's modification time in nanoseconds; 0 when an editor has just removed the file."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def react(action: str, platform: Platform, services: Supervisor) -> None:
    """Run the action of a change. Raises StepError, ServiceError, DagsterRunError or OSError."""
    with step(f"changed: {action if action in {CODE, CONNECTIONS, SEED} else f'restart {action}'}"):
        if action == SEED:
            bootstrap(platform, "seed")
        elif action == CONNECTIONS:
            bootstrap(platform, "apply")
        elif action != CODE:
            services.restart(action)
        if action in {CODE, CONNECTIONS}:
            dagster_run.reload(platform.url("dagster"))


def revive(name: str, services: Supervisor) -> None:
    """Start a service that ended, or lacks its vital process, and wait until it is healthy. Raises ServiceError."""
    process = services.processes[name]
    code = process.exit_code()
    if code is None:  # the log has only the errors of those that asked the ended process
        reason = f"`{process.service.vital}` ended. Its log: {process.log}"
    else:
        reason = f"it ended with exit code {code}.\n{process.tail()}"
    warn(f"dev: {name} is started again: {reason}")
    services.restart(name)


def watch(platform: Platform, services: Supervisor) -> NoReturn:
    """Run the actions of changes and restart ended services, until interrupted. A failed action is only shown."""
    before = snapshot()
    broken: set[str] = set()  # services whose restart failed; they wait for a change of their files
    incomplete: set[str] = set()  # services that lacked their vital process at the last look; a reload replaces it
    while True:
        time.sleep(WATCH_SECONDS)
        now = snapshot()
        for action in (action for action in WATCHED if now[action] != before[action]):
            try:
                react(action, platform, services)
            except (StepError, ServiceError, dagster_run.DagsterRunError, OSError) as error:
                warn(f"dev: {action}: {error}")
                broken.add(action)
        before = now
        lacking = {name for name, process in services.processes.items() if not process.is_complete()}
        lost, incomplete = lacking & incomplete, lacking
        for name in services.processes:
            if services.processes[name].exit_code() is None and name not in lost:
                broken.discard(name)
            elif name not in broken:
                try:
                    revive(name, services)
                except ServiceError as error:
                    warn(
                        f"dev: {error}\n{name} stays stopped. It starts again when its files change, or when you stop "
                        "`make dev` with Ctrl-C and run it again."
                    )
                    broken.add(name)


def check_ports(chosen: dict[str, int]) -> None:
    """Raise StepError when a port of the platform is in use."""
    for name, port in chosen.items():
        if not ports.is_free(port):
            raise StepError(
                f"port {port} ({name}) is in use by {ports.process_on(port)}.\n"
                "If the platform is already running, stop it (`make down`, or Ctrl-C in the terminal of `make dev`), "
                "then run again: make dev\n"
                f"Or use another port: {ports.VARIABLES[name]}={port + 1} make dev"
            )


def run() -> int:
    """Start everything and keep it running until Ctrl-C. Return the exit code."""
    try:
        platform = Platform(DEVELOPMENT, ports.chosen(os.environ), has_console=True)
        platform.refuse_invalid(os.environ)
    except ValueError as error:
        warn(f"dev: {error}")
        return 1
    settings = environment_file(DEVELOPMENT)
    settings.unlink(missing_ok=True)  # a killed run's: its addresses are not valid until publish()
    with Supervisor(DEVELOPMENT / "logs") as services:
        try:
            check_ports(platform.ports)
            bring_up(platform, services)
            publish(DEVELOPMENT, platform.environment)
            print(
                f"\n  Console    {platform.url('console')}   (the platform in the browser)\n"
                f"  Dagster    {platform.url('dagster')}   (materialize all assets: make run)\n"
                f"  Airbyte    {platform.url('airbyte')}/docs\n"
                f"  BigQuery   {platform.url('warehouse')}   (make sql q='select …')\n"
                f"  S3         {platform.url('s3')}\n"
                f"  Logs       {services.log_directory}\n\n"
                "Changes in dbt_project, connections.yaml, seed_data and services take effect when you save a file. "
                "Ctrl-C stops the platform.",
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


def main() -> int:
    """Run the platform, unless `make dev` is already running in this checkout."""
    interruptible()
    try:
        with claim(DEVELOPMENT):
            return run()
    except ClaimedError as error:
        warn(f"dev: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(endings.ended("dev", main))
