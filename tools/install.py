#!/usr/bin/env python3
"""Installs the locked environments of the named services into .venvs; what is up to date is left alone.

Runs on any Python from 3.9 on, with the standard library only: it is the first thing that runs on a fresh machine.
Usage: install.py NAME..., where a name may be `platform` (what the services need) or `all`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".venvs"
PYTHON = "3.13"
UV = "uv==0.13.9"

LOCKS = {
    "localstack": ROOT / "compose/stand-in/localstack/requirements.txt",
    "warehouse": ROOT / "services/warehouse/requirements.txt",
    "airbyte_lite": ROOT / "services/airbyte_lite/requirements.txt",
    "bootstrap": ROOT / "services/bootstrap/requirements.txt",
    "orchestrator": ROOT / "services/orchestrator/requirements.txt",
    **{
        f"connectors/{lock.parent.name}": lock
        for lock in sorted((ROOT / "services/airbyte_lite/connectors").glob("*/requirements.txt"))
    },
    "tests": ROOT / "tests/requirements.txt",
}
PLATFORM = [name for name in LOCKS if name != "tests"]


class InstallError(Exception):
    """What went wrong, why, and the next command."""


def run(command: list[str], failure: str) -> None:
    """Run a command quietly; on failure raise InstallError with what it printed."""
    result = subprocess.run(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if result.returncode:
        raise InstallError(f"{failure}\n{result.stdout.strip()}")


def environment() -> dict[str, str]:
    """Return the process environment, with pip's package index (if one is configured) named for uv too."""
    result = dict(os.environ)
    if "UV_DEFAULT_INDEX" not in result:
        pip = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
        index = subprocess.run(pip, capture_output=True, text=True).stdout.strip()
        if index:
            result["UV_DEFAULT_INDEX"] = index
    result.pop("PYTHONDONTWRITEBYTECODE", None)
    return result


def find_uv() -> str:
    """Return the path of uv: the one on PATH, or one installed from PyPI into .venvs/uv."""
    on_path = shutil.which("uv")
    if on_path:
        return on_path
    directory = ENVIRONMENTS / "uv"
    uv = directory / "bin/uv"
    if not uv.exists():
        shutil.rmtree(directory, ignore_errors=True)
        run(
            [sys.executable, "-m", "venv", str(directory)],
            f"{sys.executable} cannot make a virtual environment. On Debian: apt-get install python3-venv, then again.",
        )
        run(
            [str(directory / "bin/pip"), "install", "--quiet", UV],
            "uv could not be installed from PyPI. Check the network and pip's index settings, then again.",
        )
    return str(uv)


def find_python(uv: str) -> str:
    """Return the path of a Python 3.13: one that uv sees, one behind pyenv's shims, or one that uv downloads."""
    candidates: list[str | None] = [None]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates += sorted((path.name for path in pyenv.glob(f"{PYTHON}.*")), reverse=True)
    for version in candidates:
        variables = environment()
        if version:
            variables["PYENV_VERSION"] = version
        found = subprocess.run([uv, "python", "find", PYTHON], env=variables, capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.strip()
    run(
        [uv, "python", "install", PYTHON],
        f"There is no Python {PYTHON} here and uv could not download one.\n"
        f"Install it (Debian 13: apt-get install python3.13 python3-venv; pyenv: pyenv install {PYTHON}), then again.",
    )
    found = subprocess.run([uv, "python", "find", PYTHON], env=environment(), capture_output=True, text=True)
    return found.stdout.strip()


def install(name: str, uv: str, python: str) -> bool:
    """Make one environment as its lock says; return False when it was up to date."""
    lock, directory = LOCKS[name], ENVIRONMENTS / name
    stamp = directory / "installed"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return False
    stamp.unlink(missing_ok=True)
    if not (directory / "bin/python").exists():
        run([uv, "venv", "--quiet", "--clear", "--python", python, str(directory)], f"No environment for {name}.")
    # sync resolves nothing: the metadata of source-s3 cannot be satisfied as published.
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode"]
    run(
        [*sync, "--python", str(directory / "bin/python"), str(lock)], f"The packages of {name} could not be installed."
    )
    stamp.write_text(wanted)
    return True


def main(names: list[str]) -> None:
    """Install the named environments, one line each for those that changed."""
    groups = {"all": list(LOCKS), "platform": PLATFORM}
    names = [member for name in names for member in groups.get(name, [name])]
    ENVIRONMENTS.mkdir(exist_ok=True)
    try:
        uv = find_uv()
        python = find_python(uv)
        for name in names:
            start = time.monotonic()
            if install(name, uv, python):
                print(f"  installed {name:<22} {time.monotonic() - start:5.1f} s", flush=True)
    except InstallError as error:
        sys.exit(f"install: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
