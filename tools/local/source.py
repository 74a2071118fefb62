"""`make new-source` and `make remove-source`: change the checkout, then say which commands the running platform needs.

The files are looked at by `orchestrator.new_source`, which shows the changes, asks and makes them.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tools import dagster_run, endings, env_file
from tools.direct import open_url
from tools.local import foreign
from tools.local.claims import DEVELOPMENT, development
from tools.local.platform import ROOT, Platform, warn
from tools.settings_table import PORTS
from tools.stack import running
from tools.stack.compose import read_env, urls

FOLDERS = ("CONNECTIONS_FILE", "DBT_PROJECT_DIR", "SEED_DATA_DIR")
COMMANDS = {"add": "new-source", "remove": "remove-source"}
WAIT_SECONDS = 120.0
ASSETS = "{ assetNodes { assetKey { path } } }"


def main(arguments: list[str]) -> int:
    """Run `add` or `remove`, whose options are the variables name, file, key, header and yes. Return the exit code."""
    command = arguments[0]
    given = {name: os.environ.get(name, "") for name in ("name", "file", "key", "header", "yes")}
    needed, example = (["name", "file"], "new-source name=refunds file=refunds.csv")
    if command == "remove":
        needed, example = (["name"], "remove-source name=refunds")
    if missing := [option for option in needed if not given[option]]:
        warn(f"{' and '.join(missing)} missing. For example: make {example}")
        return 2
    line, variables = command_line(command, given)
    code = subprocess.run(line, cwd=ROOT, env=variables, preexec_fn=endings.end_with_parent).returncode
    if code == 0:
        running.restart_console()
        name = given["name"]
        print("\n".join(added(name) if command == "add" else removed(name)), flush=True)
    return 0 if code == 3 else code  # 3: the answer was no


def command_line(command: str, given: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the command line of `orchestrator.new_source` and its variables."""
    platform = Platform(DEVELOPMENT, PORTS)
    line, variables = platform.command("orchestrator", "orchestrator.new_source")
    variables = (
        env_file.with_connections(ROOT, foreign.without(os.environ)) | variables | (development() or on_docker())
    )
    variables |= {name: os.environ[name] for name in FOLDERS if os.environ.get(name)}
    line += ["--root", str(ROOT), "--seed-folder", variables["SEED_DATA_DIR"], command, "--name", given["name"]]
    if command == "add":
        file = given["file"] if given["file"].startswith("s3://") else str(Path(given["file"]).expanduser().absolute())
        line += ["--file", file, "--key", given["key"], "--header", given["header"]]
    return line + (["--yes"] if given["yes"] else []), variables


def on_docker() -> dict[str, str]:
    """Return the variables of S3 on Compose; empty if the platform does not run there."""
    if "localstack" not in running.compose_services():
        return {}
    settings = read_env()
    named = {
        name: settings[name]
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_BUCKET")
        if settings.get(name)
    }
    return named | {"AWS_ENDPOINT_URL_S3": settings.get("AWS_ENDPOINT_URL_S3") or urls(settings)["localstack"]}


def added(name: str) -> list[str]:
    """Wait until a running `make dev` has the new source; return what to do next."""
    if variables := development():
        return waited(name, variables)
    if running.compose_services():
        return ["Written. The images on Docker contain these files. Next: make up && make run"]
    return ["Written. Next: make dev (or on Docker make up), then make run"]


def waited(name: str, variables: dict[str, str]) -> list[str]:
    """Return what to do next; wait until `make dev` has applied the change, because `make run` needs it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            if has_connection(name, variables) and has_asset(name, variables):
                return ["Written, and `make dev` has loaded it. Next: make run"]
        except (OSError, dagster_run.DagsterRunError):
            pass  # a service that restarts
        time.sleep(1)
    return [
        f"Written, but `make dev` has not loaded it after {WAIT_SECONDS:.0f} s: look at its terminal. Then: make run"
    ]


def has_connection(name: str, variables: dict[str, str]) -> bool:
    """Return whether the Airbyte of `make dev` has the connection."""
    address = f"{variables['AIRBYTE_URL']}/api/public/v1/connections?limit=100"
    offset = 0
    while True:
        with open_url(urllib.request.Request(f"{address}&offset={offset}"), timeout=10) as answer:
            found = json.load(answer)["data"]
        if any(item["name"] == name for item in found):
            return True
        if len(found) < 100:
            return False
        offset += 100


def has_asset(name: str, variables: dict[str, str]) -> bool:
    """Return whether Dagster has the staging model."""
    found = dagster_run.query(variables["DAGSTER_URL"], ASSETS)["assetNodes"]
    return any(node["assetKey"]["path"][-1] == f"stg_{name}" for node in found)


def removed(name: str) -> list[str]:
    """Return what is left on a platform, and the commands that remove it."""
    dataset = (development() or read_env()).get("BQ_DATASET") or "jaffle"
    return [
        "Removed from the checkout. A platform that had the source still has these. To remove them:",
        "  the connection in Airbyte and its sync state:  make apply o=--prune",
        "  the object in the bucket, if seed uploaded it: make seed o=--prune",
        f"  the table and the view:  make sql q='drop table if exists {dataset}.{name}'",
        f"                           make sql q='drop view if exists {dataset}_staging.stg_{name}'",
        "On Docker, make up takes the source out of the images.",
    ]


if __name__ == "__main__":
    sys.exit(endings.ended(COMMANDS[sys.argv[1]], lambda: main(sys.argv[1:])))
