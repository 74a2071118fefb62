"""Google BigQuery in the doctor: runs `bigquery_doctor.py` in an image or an environment with Google's client."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tools.settings_table import TABLE
from tools.stack import images, modes
from tools.stack.compose import ROOT
from tools.stack.findings import Finding

INSIDE = "/run/secrets/google_key"  # as Compose mounts it
SETTINGS = ("BQ_PROJECT", "BQ_DATASET", "BQ_LOCATION")
PROGRAM = Path(__file__).with_name("bigquery_doctor.py")
SECONDS = 180
SERVICE_ACCOUNT = "service_account"  # the type of a key; what gcloud writes for a person is authorized_user


def check(variables: dict[str, str]) -> list[Finding]:
    """Check credentials, permissions and locations with real calls, where BigQuery is the warehouse."""
    if modes.mode(variables).warehouse != "bigquery":
        return []
    settings = {name: modes.setting(variables, name) or TABLE[name].default for name in SETTINGS}
    key = modes.setting(variables, modes.KEY)
    path = Path(key) if key else None
    if path and not (path.is_absolute() and path.is_file()):  # run workers get it by this path too
        return [
            Finding(
                "fail",
                f"{modes.KEY}={key}: not an absolute path of an existing file",
                f"{modes.KEY}=/…/key.json in .env",
            )
        ]
    if path and (findings := check_kind(path, modes.mode(variables).airbyte)):
        return findings
    if settings["BQ_PROJECT"] == TABLE["BQ_PROJECT"].default:
        what = f"BQ_PROJECT is {settings['BQ_PROJECT']}, the emulator's project"
        return [Finding("fail", what, "BQ_PROJECT=<your project> in .env")]
    command = in_image(variables, settings, path) or in_environment()
    if not command:
        return [Finding("warn", "BigQuery is not checked yet: that needs an image", "make images, then make doctor")]
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
        return [Finding("fail", f"BigQuery's check has not ended after {SECONDS} s", "check the network, try again")]
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no output"])[-1]
        return [Finding("fail", f"BigQuery's check could not be run: {last}", "make images, then make doctor")]
    said = result.stdout.replace(INSIDE, str(path)) if path else result.stdout
    return [Finding(**finding) for finding in json.loads(said)]


def check_kind(key: Path, airbyte: str) -> list[Finding]:
    """Check that the real Airbyte gets a service account's key; what is no JSON is judged further on."""
    try:
        content = json.loads(key.read_bytes())
    except (OSError, ValueError):
        return []
    kind = content.get("type") if isinstance(content, dict) else None
    if airbyte == "lite" or kind == SERVICE_ACCOUNT:
        return []
    what = f"{modes.KEY}: {key} is of type {kind}; Airbyte's BigQuery connector takes a service account's key only"
    make = f"gcloud iam service-accounts keys create KEY.json --iam-account=ACCOUNT, {modes.KEY}=/…/KEY.json in .env"
    return [Finding("fail", what, make)]


def in_image(variables: dict[str, str], settings: dict[str, str], key: Path | None) -> list[str] | None:
    """Return Python in the containers' conditions: their user reads the key, their network reaches Google.

    The image is Dagster's, which every mode has.
    """
    image = f"{variables.get('COMPOSE_PROJECT_NAME')}-orchestrator:local"
    if not images.present(image):
        return None
    options = [part for name in settings for part in ("--env", name)]
    if key:
        options += ["--env", f"{modes.KEY}={INSIDE}", "--volume", f"{key}:{INSIDE}:ro"]
    return ["docker", "run", "--rm", "--interactive", "--read-only", "--cap-drop", "ALL", *options, image, "python"]


def in_environment() -> list[str] | None:
    """Return Python in the environment of `make demo`, if that was installed."""
    python = ROOT / ".venvs/airbyte_lite/bin/python"
    return [str(python)] if python.exists() else None
