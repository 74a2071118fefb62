#!/usr/bin/env python3
"""Installs the locked environments of the named services into .venvs; what is up to date is left alone.

Runs on any Python from 3.9 on, with the standard library only: it is the first thing that runs on a fresh machine.
Interrupted anywhere, the same command goes on where it was.
Usage: install.py NAME..., where a name may be `platform` (what the services need) or `all`.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".venvs"
PYTHON = "3.13"
UV = "uv==0.13.9"
OLDEST_UV = (0, 8)  # the first with `uv venv --clear`

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
# Our own packages in each environment, by folder. They are editable: what is changed in them needs no installing.
KIT, CONNECTIONS_FILE = ROOT / "packages/platform_kit", ROOT / "packages/connections_file"
OURS = {
    "warehouse": [KIT, ROOT / "services/warehouse"],
    "airbyte_lite": [KIT, ROOT / "services/airbyte_lite"],
    "bootstrap": [KIT, CONNECTIONS_FILE, ROOT / "services/bootstrap"],
    "orchestrator": [KIT, CONNECTIONS_FILE, ROOT / "services/orchestrator"],
    "tests": [KIT, CONNECTIONS_FILE, *sorted(file.parent for file in ROOT.glob("services/*/pyproject.toml")), ROOT],
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
    # Debian's own Python may have no pip, the environment that uv was installed into has one.
    ours = ENVIRONMENTS / "uv/bin/python"
    index = os.environ.get("PIP_INDEX_URL") or configured_index(str(ours) if ours.exists() else sys.executable)
    if index:
        result.setdefault("UV_DEFAULT_INDEX", index)
    result.pop("PYTHONDONTWRITEBYTECODE", None)
    return result


@functools.lru_cache
def configured_index(python: str) -> str:
    """Return the package index in pip's configuration files, empty if there is none."""
    pip = [python, "-m", "pip", "config", "get", "global.index-url"]
    return subprocess.run(pip, capture_output=True, text=True).stdout.strip()


def find_uv() -> str:
    """Return the path of uv: the one on PATH if it is new enough, or one installed from PyPI into .venvs/uv."""
    on_path = shutil.which("uv")
    if on_path and version(on_path) >= OLDEST_UV:
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


def version(uv: str) -> tuple[int, ...]:
    """Return the first two numbers of uv's version; (0,) for a uv that does not run, such as pyenv's empty shim."""
    words = subprocess.run([uv, "--version"], capture_output=True, text=True).stdout.split()
    return tuple(int(number) for number in words[1].split(".")[:2]) if len(words) > 1 else (0,)


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


def stamp(name: str) -> str:
    """Return what the file `installed` of an up-to-date environment says: what it is made of, and where it is.

    It is made of its lock and of the pyproject.toml of our own packages in it. The scripts of an environment name its
    folder: in a checkout that was moved they do not run.
    """
    digest = hashlib.sha256()
    for file in (LOCKS[name], *(folder / "pyproject.toml" for folder in OURS.get(name, []))):
        digest.update(file.read_bytes())
    return f"{digest.hexdigest()} {ENVIRONMENTS / name}"


def is_current(name: str) -> bool:
    """Return whether an environment is as its stamp says, and its Python (a link to the machine's) still there."""
    directory = ENVIRONMENTS / name
    return (directory / "bin/python").exists() and installed(directory) == stamp(name)


def installed(directory: Path) -> str:
    """Return what an environment's stamp says, nothing for one that was not finished."""
    file = directory / "installed"
    return file.read_text() if file.exists() else ""


def install(name: str, uv: str, python: str) -> None:
    """Make one environment: the packages of its lock, then our own."""
    directory = ENVIRONMENTS / name
    usable = (directory / "bin/python").exists() and installed(directory).endswith(f" {directory}")
    (directory / "installed").unlink(missing_ok=True)
    if not usable:
        run([uv, "venv", "--quiet", "--clear", "--python", python, str(directory)], f"No environment for {name}.")
    # sync resolves nothing: the metadata of source-s3 cannot be satisfied as published.
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode"]
    run(
        [*sync, "--python", str(directory / "bin/python"), str(LOCKS[name])],
        f"The packages of {name} could not be installed.",
    )
    if name in OURS:
        # Their dependencies are in the lock. Needs no network: the build backend is part of uv.
        ours = [argument for folder in OURS[name] for argument in ("--editable", str(folder))]
        run(
            [uv, "pip", "install", "--quiet", "--no-deps", "--python", str(directory / "bin/python"), *ours],
            f"Our own packages could not be installed into the environment of {name}.",
        )
    (directory / "installed").write_text(stamp(name))


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other install is at work in this checkout, and hold off others."""
    ENVIRONMENTS.mkdir(exist_ok=True)
    with (ENVIRONMENTS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  waiting for another install in this checkout", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(names: list[str]) -> None:
    """Install the named environments, one line each for those that changed."""
    groups = {"all": list(LOCKS), "platform": PLATFORM}
    names = [member for name in names for member in groups.get(name, [name])]
    try:
        with one_at_a_time():
            outdated = [name for name in names if not is_current(name)]
            if not outdated:
                return
            uv = find_uv()
            python = find_python(uv)
            for name in outdated:
                start = time.monotonic()
                install(name, uv, python)
                print(f"  installed {name:<22} {time.monotonic() - start:5.1f} s", flush=True)
    except InstallError as error:
        sys.exit(f"install: {error}")
    except KeyboardInterrupt:
        print("\ninstall: interrupted; what is installed stays. Run the same command again.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
