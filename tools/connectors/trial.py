"""Tries a connector before anything is written: installs its environment beside the others, and asks it for `spec`."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from airbyte_lite.connectors.process import passed_on
from airbyte_lite.connectors.protocol import ConnectorError
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorRunner, Silence
from tools import install
from tools.connectors.errors import ConnectorCommandError

SCRIPTS = """import importlib.metadata as m, json, sys
print(json.dumps([e.name for e in m.distribution(sys.argv[1]).entry_points if e.group == "console_scripts"]))"""
SILENCE = 60.0
"""Seconds without a word after which the connector is ended."""


def make_environment(environment: Path, lock: Path, uv: str, python: str) -> None:
    """Install a lock into an environment that can be moved to another folder. Raises InstallError."""
    shutil.rmtree(environment, ignore_errors=True)
    install.run(
        [uv, "venv", "--quiet", "--relocatable", "--python", python, str(environment)],
        f"{environment} could not be created.",
    )
    inside = str(environment / "bin/python")
    install.run(
        [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", inside, str(lock)],
        "The packages of the connector could not be installed.",
    )


def command_of(environment: Path, package: str, name: str) -> str:
    """Return the console script of a package that is named like the connector, or its only one.

    Raises ConnectorCommandError if there is none.
    """
    line = [str(environment / "bin/python"), "-I", "-c", SCRIPTS, package]
    result = subprocess.run(line, capture_output=True, text=True, env=passed_on())
    scripts: list[str] = json.loads(result.stdout or "[]")
    if name in scripts:
        return name
    if len(scripts) == 1:
        return scripts[0]
    raise ConnectorCommandError(
        f"{package} has no console script {name} (it has {', '.join(scripts) or 'none'}), so it is not a connector "
        "that can be run here."
    )


@contextmanager
def running(folder: Path) -> Iterator[ConnectorRunner]:
    """Give a runner of connectors, which keeps its files in the folder."""
    runner = ConnectorRunner(folder / "run", Silence(SILENCE, SILENCE))
    try:
        yield runner
    finally:
        runner.close()


def specification(runner: ConnectorRunner, connector: Connector) -> dict[str, Any]:
    """Return the JSON schema of the configuration. Raises ConnectorCommandError."""
    try:
        specification = runner.spec(connector)
    except ConnectorError as error:
        raise ConnectorCommandError(
            f"{connector.name} {connector.version} was installed for a trial but gives no specification: "
            f"{error.message}\n{error.internal[-2000:]}".rstrip()
        ) from error
    schema: dict[str, Any] = specification.get("connectionSpecification") or {}
    return schema


def streams(runner: ConnectorRunner, connector: Connector, configuration: dict[str, Any]) -> list[str]:
    """Return the names of the connector's streams; none if it does not find them with this configuration."""
    try:
        return [stream["name"] for stream in runner.discover(connector, configuration)]
    except ConnectorError:
        return []
