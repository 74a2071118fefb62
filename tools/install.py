#!/usr/bin/env python3
"""Installs the locked environments of the named services into .venvs; an up-to-date environment stays as it is.

It is the first program that runs on a new machine: it uses the standard library only and runs on Python 3.9 or newer.
After an interruption the same command continues.
Usage: python3 -m tools.install NAME... A name is an environment, `platform` (all that the services need), `clients`
(foreign clients of Airbyte's API, for tests), or `all` (all but the clients, `benchmarks/…`, `oracle` and
`connector-tests`).
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

from tools import disk, endings

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".venvs"
PYTHON = "3.13"
UV = "uv==0.13.9"
UV_PYTHONS = ROOT / ".local/python"  # for a home folder that this user cannot read or cannot write
# Options of pip and uv for other projects: what they install and where. Indexes, certificates and caches stay.
OTHER_INSTALLS = {
    *("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_CONSTRAINT", "PIP_REQUIRE_HASHES", "PIP_REQUIREMENT"),
    *("UV_CONSTRAINT", "UV_OVERRIDE", "UV_BUILD_CONSTRAINT", "UV_EXCLUDE", "UV_REQUIRE_HASHES", "UV_RESOLUTION"),
    *("UV_PROJECT", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY", "UV_PYTHON", "UV_SYSTEM_PYTHON", "VIRTUAL_ENV"),
    "PYTHONDONTWRITEBYTECODE",
}
OLDEST_UV = (0, 8)  # the first release with `uv venv --clear`

LOCKS = {
    "localstack": ROOT / "compose/stand-in/localstack/requirements.txt",
    "warehouse": ROOT / "services/warehouse/requirements.txt",
    "airbyte_lite": ROOT / "services/airbyte_lite/requirements.txt",
    "bootstrap": ROOT / "services/bootstrap/requirements.txt",
    "orchestrator": ROOT / "services/orchestrator/requirements.txt",
    "console": ROOT / "services/console/requirements.txt",
    **{
        f"connectors/{lock.parent.name}": lock
        for lock in sorted((ROOT / "services/airbyte_lite/connectors").glob("*/requirements.txt"))
    },
    "backup": ROOT / "tools/backup/requirements.txt",
    "tests": ROOT / "tests/requirements.txt",
    **{
        f"clients/{lock.parent.name}": lock
        for lock in sorted((ROOT / "tests/integration/clients").glob("*/requirements.txt"))
    },
    **{
        f"benchmarks/{lock.parent.name}": lock
        for lock in sorted((ROOT / "benchmarks/environments").glob("*/requirements.txt"))
    },
    "oracle": ROOT / "tests/dialect/oracle/requirements.txt",
    "connector-tests": ROOT / "tools/connectors/standard_tests/requirements.txt",
}
# The folders of our own packages in each environment. They are editable installs: a change needs no installation.
KIT, CONNECTIONS_FILE, AS_CODE, SOURCE_TEXTS = (
    ROOT / "packages" / name for name in ("platform_kit", "connections_file", "airbyte_as_code", "source_texts")
)
OURS = {
    "warehouse": [KIT, ROOT / "services/warehouse"],
    "airbyte_lite": [KIT, ROOT / "services/airbyte_lite"],
    "bootstrap": [KIT, CONNECTIONS_FILE, AS_CODE, ROOT / "services/bootstrap"],
    "console": [KIT, CONNECTIONS_FILE, AS_CODE, SOURCE_TEXTS, ROOT / "services/console"],
    "orchestrator": [KIT, CONNECTIONS_FILE, AS_CODE, SOURCE_TEXTS, ROOT / "services/orchestrator"],
    "tests": [
        KIT,
        CONNECTIONS_FILE,
        AS_CODE,
        SOURCE_TEXTS,
        *sorted(file.parent for file in ROOT.glob("services/*/pyproject.toml")),
        ROOT,
    ],
}
# LocalStack's index of the services' specifications, below a folder that is laid out as its image's. Without the index
# each new platform makes one while LocalStack starts, which takes two thirds of that start.
LOCALSTACK_ROOT, LOCALSTACK_INDEX = "root", "root/usr/lib/localstack"
# Foreign clients of Airbyte's API. They are large and only `make clients` needs them, so they are not in `all`; nor are
# the programs that `make bench` compares with, GoogleSQL, for `make oracle`, and airbyte-cdk's standard tests, for
# `make connector-table`.
CLIENTS = [name for name in LOCKS if name.startswith("clients/")]
ALL = [
    name
    for name in LOCKS
    if name not in ("oracle", "connector-tests") and not name.startswith(("clients/", "benchmarks/"))
]
PLATFORM = [name for name in ALL if name not in ("tests", "backup")]


class InstallError(Exception):
    """An installation that failed. The message says what happened, why, and the next command."""


def refuse_path(root: Path) -> None:
    """Raise InstallError for a checkout whose path uv (#), setuptools ($), PATH (:) or Dagster (%) cannot handle."""
    if odd := [character for character in "#$:%" if character in str(root)]:
        raise InstallError(
            f"The path of the checkout has the character {' and '.join(odd)}, with which the platform cannot be "
            f"installed or cannot run: {root}\nMove the checkout to another folder, then run the same command again."
        )


def run(command: list[str], failure: str, **variables: str) -> None:
    """Run a command without showing its output, with variables added to its environment.

    Raises InstallError with the output when the command fails.
    """
    result = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment(), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        raise InstallError(f"{failure}\n{result.stdout.strip()}")


def environment() -> dict[str, str]:
    """Return the process environment. A package index that is configured for pip is set for uv too.

    Options of pip and uv for other projects are left out. uv's cache is below the checkout where its usual place cannot
    be written, such as in a read-only home folder. So are uv's Pythons where this user cannot look into their usual
    place, such as in the home folder of another user.
    """
    result = dict(os.environ)
    # Debian's Python may have no pip; the environment of uv has one.
    ours = ENVIRONMENTS / "uv/bin/python"
    index = os.environ.get("PIP_INDEX_URL") or configured_index(str(ours) if ours.exists() else sys.executable)
    if index:
        result.setdefault("UV_DEFAULT_INDEX", index)
    if not is_writable(user_folder("XDG_CACHE_HOME", ".cache") / "uv"):
        result.setdefault("UV_CACHE_DIR", str(ROOT / ".local/cache/uv"))
    if not os.access(disk.existing(uv_data()), os.R_OK | os.X_OK):  # uv would end when it looks for a Python
        result.setdefault("UV_PYTHON_INSTALL_DIR", str(UV_PYTHONS))
    return {name: value for name, value in result.items() if name not in OTHER_INSTALLS}


def user_folder(variable: str, below_home: str) -> Path:
    """Return a folder of the user: the one that the variable names, or else one below the home folder."""
    home = os.path.expanduser("~")  # noqa: PTH111 -- Path.home() raises an error for a user without a home folder
    return Path(os.environ.get(variable) or Path(home, below_home))


def uv_data() -> Path:
    """Return the folder in which uv keeps the Pythons that it has downloaded."""
    return user_folder("XDG_DATA_HOME", ".local/share") / "uv"


def is_writable(path: Path) -> bool:
    """Return whether this user can write into a folder, or create it."""
    there = disk.existing(path)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


@functools.lru_cache
def configured_index(python: str) -> str:
    """Return the package index in pip's configuration files, or an empty string."""
    pip = [python, "-m", "pip", "config", "get", "global.index-url"]
    return subprocess.run(pip, capture_output=True, text=True).stdout.strip()


def find_uv() -> str:
    """Return the path of a uv that is new enough: from PATH, or installed from PyPI into .venvs/uv.

    Raises InstallError.
    """
    on_path = shutil.which("uv")
    if on_path and version(on_path) >= OLDEST_UV:
        return on_path
    directory = ENVIRONMENTS / "uv"
    uv = directory / "bin/uv"
    if not uv.exists():
        shutil.rmtree(directory, ignore_errors=True)
        run(
            [sys.executable, "-m", "venv", str(directory)],
            f"{sys.executable} cannot make a virtual environment.\n"
            "Install its venv module (Debian: apt-get install python3-venv), then run the same command again.",
        )
        run(
            [str(directory / "bin/pip"), "install", "--quiet", UV],
            "uv could not be installed from PyPI.\n"
            "Check the network and pip's package index (pip config list), then run the same command again.",
        )
    return str(uv)


def version(uv: str) -> tuple[int, ...]:
    """Return the first two numbers of uv's version; (0,) for a uv that does not run, such as a pyenv shim."""
    words = subprocess.run([uv, "--version"], capture_output=True, text=True).stdout.split()
    return tuple(int(number) for number in words[1].split(".")[:2]) if len(words) > 1 else (0,)


def find_python(uv: str) -> str:
    """Return the path of a Python 3.13: one that uv finds, one that pyenv has installed, or one that uv downloads.

    Raises InstallError.
    """
    candidates: list[str | None] = [None]
    pyenv = user_folder("PYENV_ROOT", ".pyenv") / "versions"
    with contextlib.suppress(OSError):  # after `su`, PYENV_ROOT may be a folder of another user
        candidates += sorted((path.name for path in pyenv.glob(f"{PYTHON}.*")), reverse=True)
    for version in candidates:
        variables = environment()
        if version:
            variables["PYENV_VERSION"] = version
        found = subprocess.run([uv, "python", "find", PYTHON], env=variables, capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.strip()
    variables = {}
    if not is_writable(uv_data()):
        variables["UV_PYTHON_INSTALL_DIR"] = os.environ.get("UV_PYTHON_INSTALL_DIR") or str(UV_PYTHONS)
    run(
        [uv, "python", "install", PYTHON],
        f"Python {PYTHON} was not found, and uv could not download it. {found.stderr.strip()}\n"
        f"Install it (Debian 13: apt-get install python3.13 python3-venv; pyenv: pyenv install {PYTHON}), then run the "
        "same command again.",
        **variables,
    )
    found = subprocess.run(
        [uv, "python", "find", PYTHON], env={**environment(), **variables}, capture_output=True, text=True
    )
    return found.stdout.strip()


def stamp(name: str) -> str:
    """Return the content of the file `installed` in an up-to-date environment: a digest and the environment's folder.

    The digest covers the lock and the pyproject.toml files of our own packages in the environment. The content has the
    folder because an environment's scripts contain its path: they do not run after the checkout was moved.
    """
    files = [LOCKS[name], *(folder / "pyproject.toml" for folder in OURS.get(name, []))]
    return stamp_of(files, ENVIRONMENTS / name)


def stamp_of(files: list[Path], directory: Path) -> str:
    """Return the stamp of an environment that was installed from these files into the folder."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return f"{digest.hexdigest()} {directory}"


def is_current(name: str) -> bool:
    """Return whether an environment is up to date and complete; its Python is a link to the machine's, which may go."""
    directory = ENVIRONMENTS / name
    complete = name != "localstack" or (directory / LOCALSTACK_INDEX).is_dir()
    return complete and (directory / "bin/python").exists() and installed(directory) == stamp(name)


def installed(directory: Path) -> str:
    """Return the stamp of an environment, or an empty string when its installation did not finish."""
    file = directory / "installed"
    return file.read_text() if file.exists() else ""


def install(name: str, uv: str, python: str) -> None:
    """Install one environment: the packages of its lock, then our own packages. Raises InstallError."""
    directory = ENVIRONMENTS / name
    usable = (directory / "bin/python").exists() and installed(directory).endswith(f" {directory}")
    (directory / "installed").unlink(missing_ok=True)
    if not usable:
        run(
            [uv, "venv", "--quiet", "--clear", "--python", python, str(directory)], f"{directory} could not be created."
        )
    # `uv pip sync` does not resolve: the published dependencies of source-s3 contradict each other.
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode"]
    sync += ["--python", str(directory / "bin/python"), str(LOCKS[name])]
    try:
        run(sync, f"The packages of {name} could not be installed.")
    except InstallError as error:
        # Without a network, uv's cache may have them, as after the checkout was moved.
        try:
            run([*sync, "--offline"], "")
        except InstallError:
            raise InstallError(f"{error}\nCheck the network, then run the same command again.") from None
    if name in OURS:
        # Their dependencies are in the lock. No network is needed: uv contains the build backend.
        ours = [argument for folder in OURS[name] for argument in ("--editable", str(folder))]
        run(
            [uv, "pip", "install", "--quiet", "--no-deps", "--python", str(directory / "bin/python"), *ours],
            f"Our own packages could not be installed into the environment of {name}.",
        )
    if name == "localstack":
        index_specifications(directory)
    (directory / "installed").write_text(stamp(name))


def index_specifications(directory: Path) -> None:
    """Make LocalStack's index of the services' specifications, as its image's build does. Raises InstallError."""
    shutil.rmtree(directory / LOCALSTACK_ROOT, ignore_errors=True)
    (directory / LOCALSTACK_INDEX).mkdir(parents=True)
    run(
        [str(directory / "bin/python"), "-m", "localstack.aws.spec"],
        "LocalStack's index of specifications could not be made.",
        FILESYSTEM_ROOT=str(directory / LOCALSTACK_ROOT),
        OVERRIDE_IN_DOCKER="false",  # see tools/local/platform.py
    )


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the checkout's installation lock; wait while another installation holds it."""
    ENVIRONMENTS.mkdir(exist_ok=True)
    with (ENVIRONMENTS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("  waiting for another install in this checkout to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(names: list[str]) -> int:
    """Install the named environments and print a line for each that changed. Return the exit code."""
    groups = {"all": ALL, "platform": PLATFORM, "clients": CLIENTS}
    names = [member for name in names for member in groups.get(name, [name])]
    if unknown := [name for name in names if name not in LOCKS]:
        print(
            f"install: not an environment: {', '.join(unknown)}. Name one of {', '.join([*groups, *LOCKS])}.",
            file=sys.stderr,
        )
        return 1
    try:
        with one_at_a_time():
            outdated = [name for name in names if not is_current(name)]
            if not outdated:
                return 0
            refuse_path(ROOT)
            uv = find_uv()
            python = find_python(uv)
            for name in outdated:
                start = time.monotonic()
                install(name, uv, python)
                print(f"  installed {name:<22} {time.monotonic() - start:5.1f} s", flush=True)
    except InstallError as error:
        print(f"install: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninstall: interrupted. To continue, run the same command again.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(endings.ended("install", lambda: main(sys.argv[1:])))
