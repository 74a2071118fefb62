"""The doctor's check of Google BigQuery: runs `bigquery_doctor.py` in an image or environment with Google's client."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tools.settings_table import TABLE
from tools.stack import images, modes
from tools.stack.compose import ROOT
from tools.stack.findings import Finding

INSIDE = "/run/secrets/google_key"  # the path that Compose mounts the key at
SETTINGS = ("BQ_PROJECT", "BQ_DATASET", "BQ_LOCATION")
PROGRAM = Path(__file__).with_name("bigquery_doctor.py")
SECONDS = 180  # time limit of the whole check
SERVICE_ACCOUNT = "service_account"  # a person's credentials, written by gcloud, have the type authorized_user


def check(variables: dict[str, str]) -> list[Finding]:
    """Check credentials, permissions and locations with real calls; nothing unless the warehouse is BigQuery."""
    if modes.mode(variables).warehouse != "bigquery":
        return []
    settings = {name: modes.setting(variables, name) or TABLE[name].default for name in SETTINGS}
    key = modes.setting(variables, modes.KEY)
    path = Path(key) if key else None
    if path and not (path.is_absolute() and path.is_file()):  # the engine mounts it in run workers by this path
        return [
            Finding(
                "fail",
                f"{modes.KEY}={key}: not an absolute path of an existing file",
                f"set {modes.KEY}=/…/key.json in .env",
            )
        ]
    if path and (findings := check_kind(path, modes.mode(variables).airbyte)):
        return findings
    if settings["BQ_PROJECT"] == TABLE["BQ_PROJECT"].default:
        what = f"BQ_PROJECT={settings['BQ_PROJECT']} is the emulator's project, not a project of yours"
        return [Finding("fail", what, "set BQ_PROJECT=<your project> in .env")]
    command = in_image(variables, settings, path) or in_environment()
    if not command:
        what = "BigQuery was not checked: the check runs in an image, which does not exist yet"
        return [Finding("warn", what, "make images, then make doctor")]
    environment = os.environ | settings
    if path:
        environment[modes.KEY] = str(path)
    try:
        result = subprocess.run(
            [*command, "-"],
            input=PROGRAM.read_text(),
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        what = f"the check of BigQuery did not end within {SECONDS} s"
        return [Finding("fail", what, "check the network, then run make doctor again")]
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no output"])[-1]
        return [Finding("fail", f"the check of BigQuery could not run: {last}", "make images, then make doctor")]
    said = result.stdout.replace(INSIDE, str(path)) if path else result.stdout
    return [Finding(**finding) for finding in json.loads(said)]


def check_kind(key: Path, airbyte: str) -> list[Finding]:
    """Check that the real Airbyte gets a service account key. bigquery_doctor.py reports a file that is not JSON."""
    try:
        content = json.loads(key.read_bytes())
    except (OSError, ValueError):
        return []
    kind = content.get("type") if isinstance(content, dict) else None
    if airbyte == "lite" or kind == SERVICE_ACCOUNT:
        return []
    what = f"{modes.KEY}: {key} has type {kind}, and Airbyte's BigQuery connector accepts only a {SERVICE_ACCOUNT} key"
    create = "gcloud iam service-accounts keys create KEY.json --iam-account=ACCOUNT"
    make = f"create a key ({create}), then set {modes.KEY}=/…/KEY.json in .env"
    return [Finding("fail", what, make)]


def in_image(variables: dict[str, str], settings: dict[str, str], key: Path | None) -> list[str] | None:
    """Return the command of a Python in a container, or None without the image.

    The container is like those of the platform: the same user reads the key, the same network reaches Google. The image
    is Dagster's, because every mode has it.
    """
    image = f"{variables.get('COMPOSE_PROJECT_NAME')}-orchestrator:local"
    if not images.present(image):
        return None
    options = [part for name in settings for part in ("--env", name)]
    if key:
        options += ["--env", f"{modes.KEY}={INSIDE}", "--volume", f"{key}:{INSIDE}:ro"]
    return ["docker", "run", "--rm", "--interactive", "--read-only", "--cap-drop", "ALL", *options, image, "python"]


def in_environment() -> list[str] | None:
    """Return the command of the Python of airbyte_lite's environment, or None if it is not installed."""
    python = ROOT / ".venvs/airbyte_lite/bin/python"
    return [str(python)] if python.exists() else None
