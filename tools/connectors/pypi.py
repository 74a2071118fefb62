"""Locks a PyPI package with its dependencies and hashes, and replaces requirements of its metadata that cannot be met.

Old connectors ask for releases that do not exist, or for releases without a wheel for this Python. Each such release is
replaced by an override, found by trying. The overrides are shown and kept beside the lock, where `make lock` uses them.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tools import install
from tools.connectors.errors import ConnectorCommandError

ABSENT = re.compile(r"there (?:is|are) no versions? of ([\w.-]+)(\[[\w.,-]+\])?([=<>!~]=?[^\s,]+)")
NO_WHEEL = re.compile(r"([\w.-]+)==(\S+) has no usable wheels")
YANKED = re.compile(r"`?([\w.-]+)==(\S+?)`? is yanked(?: \(reason: \"?(.*?)\"?\))?")
EXTRAS = re.compile(r"""^Requires-Dist: ([\w.-]+) *\[([^]]+)\][^;\n]*;.*\bextra *== *["']([\w.-]+)""", re.MULTILINE)
"""A requirement with extras that an extra stands for."""
FORBIDDEN = re.compile(r"\b(401|403|Unauthorized|Forbidden)\b")
MISSING = re.compile(r"No module named '(\w+)")
REMOVED = {
    "audioop": "audioop-lts",
    "cgi": "legacy-cgi",
    "crypt": "legacycrypt",
    "imghdr": "standard-imghdr",
    "pipes": "standard-pipes",
    "pkg_resources": "setuptools<81",
    "telnetlib": "standard-telnetlib",
}
"""Modules that Python or setuptools had once, and the package that has each of them today."""
CHECK_NAME = " Check the name."
MOST_REPAIRS = 12
SECONDS = 300.0


@dataclass
class Lock:
    """The lock of one package."""

    package: str
    version: str
    text: str = ""
    """The content of requirements.txt: every package in one version, with hashes."""
    overrides: dict[str, str] = field(default_factory=dict)
    """Requirements that replace those of the metadata, each with the reason."""
    added: dict[str, str] = field(default_factory=dict)
    """Requirements that the metadata lacks, each with the reason."""

    @property
    def requirement(self) -> str:
        """The content of requirements.in."""
        added = "".join(f"# {reason}\n{requirement}\n" for requirement, reason in self.added.items())
        return f"{self.package}=={self.version}\n{added}"

    @property
    def overrides_text(self) -> str:
        """The content of overrides.txt."""
        return "".join(f"# {reason}\n{requirement}\n" for requirement, reason in self.overrides.items())

    @property
    def packages(self) -> int:
        """The number of packages in the lock."""
        return len(re.findall(r"^[\w.-]+==", self.text, re.MULTILINE))


class Resolver:
    """Runs uv, the same that installs the environments."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.uv = install.find_uv()
        self.python = install.find_python(self.uv)

    def newest(self, package: str) -> str:
        """Return the newest release of a package. Raises ConnectorCommandError."""
        code, text, told = self._compile(f"{package}\n", "--no-deps")
        if code:
            raise _refusal(package, "", told)
        return text.strip().rpartition("==")[2]

    def lock(self, package: str, version: str, added: dict[str, str] | None = None) -> Lock:
        """Lock one release of a package with all that it needs. Raises ConnectorCommandError.

        `added`: further requirements, each with the reason.
        """
        lock = Lock(package, version, added=added or {})
        code, _, told = self._compile(lock.requirement, "--no-deps")
        yanked = {match[1]: match[3] for match in YANKED.finditer(told)}
        if code or package in yanked:
            raise _refusal(package, version, told, yanked.get(package))
        built: set[str] = set()
        for _ in range(MOST_REPAIRS):
            code, lock.text, told = self._compile(
                lock.requirement, "--universal", "--generate-hashes", overrides=lock.overrides_text
            )
            if code and not self._replace_absent(lock, told):
                raise _refusal(package, version, told)
            if not code and not self._replace_without_wheel(lock, built):
                lock.overrides = {_pinned(one, lock.text): reason for one, reason in lock.overrides.items()}
                return lock
        raise ConnectorCommandError(
            f"{package} {version} cannot be installed: after {MOST_REPAIRS} overrides its requirements are still not "
            f"met.\n{lock.overrides_text}{told}"
        )

    def _replace_absent(self, lock: Lock, told: str) -> bool:
        """Override a required release that does not exist by the newest one that fits; return whether there was one."""
        absent = ABSENT.findall(told)
        for name, _, wanted in absent:
            if name != lock.package and name not in map(_name, lock.overrides):
                reason = f"The published metadata asks for {name}{wanted.rstrip(',')}, which does not exist."
                extras = {extra for other, some, _ in absent if other == name for extra in _extras(some)}
                lock.overrides[f"{name}{self._with_inner(lock, name, extras)}"] = reason
                return True
        return False

    def _with_inner(self, lock: Lock, name: str, extras: set[str]) -> str:
        """Return the extras of a package, and the extras of the same package that they stand for.

        An override also replaces what a package requires of itself: `smart-open[all]` would be without its parts.
        Raises ConnectorCommandError if the package's metadata cannot be read.
        """
        if not extras:
            return ""
        target = self._folder / "metadata" / name
        line = ("pip", "install", "--quiet", "--no-deps", "--python", self.python, "--target", str(target), name)
        code, _, told = self._run(*line)
        if code:
            refusal = str(_refusal(name, "", told)).removesuffix(CHECK_NAME)  # the user has not typed this name
            raise ConnectorCommandError(f"The requirements of {lock.package} {lock.version}: {refusal}")
        inner = EXTRAS.findall(
            "".join(path.read_text(encoding="utf-8") for path in target.glob("*.dist-info/METADATA"))
        )
        wanted = set(extras)
        for _ in inner:
            for required, parts, extra in inner:
                if extra in wanted and re.sub("[-_.]+", "-", required).lower() == name:
                    wanted |= _extras(parts)
        return f"[{','.join(sorted(wanted))}]"

    def _replace_without_wheel(self, lock: Lock, built: set[str]) -> bool:
        """Override a locked release that has no wheel by the next one that has; return whether there was one.

        A package that has no wheel in any later release stays, and is built: most of these consist of Python only.
        """
        requirements = self._folder / "requirements.txt"
        requirements.write_text(lock.text, encoding="utf-8")
        environment = self._folder / "empty"
        if not environment.exists():
            self._run("venv", "--quiet", "--python", self.python, str(environment))
        while True:
            allowed = [argument for name in sorted(built) for argument in ("--no-binary", name)]
            only = [] if built else ["--only-binary", ":all:"]
            dry = ["pip", "sync", "--dry-run", "--quiet", "--python", str(environment / "bin/python")]
            code, _, told = self._run(*dry, *(only or ["--only-binary", ":all:", *allowed]), str(requirements))
            missing = NO_WHEEL.search(told)
            if not code or missing is None:
                return False
            name, version = missing[1], missing[2]
            code, text, _ = self._compile(
                f"{name}>{version}\n", "--no-deps", "--only-binary", ":all:", "--resolution", "lowest"
            )
            if code or name in built:
                if name in built:
                    return False
                built.add(name)
                continue
            reason = f"{name} {version} has no wheel for Python {install.PYTHON}."
            extras = self._with_inner(lock, name, self._required_extras(lock, name))
            lock.overrides = {old: why for old, why in lock.overrides.items() if _name(old) != name}
            lock.overrides[f"{name}{extras}=={text.strip().rpartition('==')[2]}"] = reason
            return True

    def _required_extras(self, lock: Lock, name: str) -> set[str]:
        """Return the extras of a locked package that the requirements, or the overrides in their place, ask for."""
        options = ("--universal", "--no-strip-extras")
        _, text, _ = self._compile(lock.requirement, *options, overrides=lock.overrides_text)
        found = re.findall(rf"^{re.escape(name)}\[([^]]+)\]==", text, re.MULTILINE)
        return {extra for some in found for extra in _extras(some)}

    def _compile(self, requirement: str, *options: str, overrides: str = "") -> tuple[int, str, str]:
        source = self._folder / "requirements.in"
        source.write_text(requirement, encoding="utf-8")
        if overrides:
            (self._folder / "overrides.txt").write_text(overrides, encoding="utf-8")
            options += ("--overrides", "overrides.txt")
        if "--universal" not in options:
            options += ("--no-header", "--no-annotate")
        return self._run(
            *("pip", "compile", "--no-progress", "--no-emit-index-url"),
            *("--python", self.python, "--python-version", install.PYTHON),
            *(*options, "requirements.in"),
        )

    def _run(self, *arguments: str) -> tuple[int, str, str]:
        try:
            result = subprocess.run(
                [self.uv, *arguments],
                cwd=self._folder,
                env={**install.environment(), "UV_CUSTOM_COMPILE_COMMAND": "make lock"},
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise ConnectorCommandError(
                f"uv did not end within {SECONDS:.0f} s. Check the network, then run the command again."
            ) from error
        return result.returncode, result.stdout, result.stderr


def _name(requirement: str) -> str:
    """Return the package that a requirement names."""
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def _extras(listed: str) -> set[str]:
    """Return the extras in a list such as "[s3,gcs]", also without its brackets; none of an empty text."""
    return set(re.findall(r"[\w.-]+", listed))


def _pinned(requirement: str, lock: str) -> str:
    """Return a requirement with the version that the lock has, if it has one version only."""
    versions = set(re.findall(rf"^{re.escape(_name(requirement))}==([^\s;]+)", lock, re.MULTILINE))
    return f"{requirement}=={versions.pop()}" if "==" not in requirement and len(versions) == 1 else requirement


def missing_package(told: str) -> dict[str, str]:
    """Return the package, with the reason, that has a module which a connector could not import; none if unknown."""
    found = MISSING.search(told)
    if found is None or found[1] not in REMOVED:
        return {}
    return {REMOVED[found[1]]: f"Python {install.PYTHON} does not have the module {found[1]} any more."}


def _refusal(package: str, version: str, told: str, yanked: str | None = None) -> ConnectorCommandError:
    """Return the error that says why a release is not used."""
    release = f"{package} {version}".strip()
    if yanked is not None:
        return ConnectorCommandError(
            f"{release} was yanked (withdrawn) by its publisher: {yanked or 'no reason is given'}. Choose another "
            "version, or leave out version= for the newest one."
        )
    if f"there are no versions of {package} and" in told:
        return ConnectorCommandError(
            f"The package index lists no file of {package}. A proxy or a login page may have answered instead, or all "
            "releases were deleted. Check the network and pip's package index, then run the command again."
        )
    if f"{package} was not found in the package registry" in told and FORBIDDEN.search(told):
        return ConnectorCommandError(
            f"The package index refused the request for {package} (401 or 403). Check its address and the credentials "
            f"for it, then run the command again.\n{told.strip()[:1000]}"
        )
    if f"{package} was not found in the package registry" in told:
        return ConnectorCommandError(f"There is no package {package} on PyPI.{CHECK_NAME}")
    if f"no version of {package}==" in told:
        return ConnectorCommandError(f"PyPI has no {release}. Leave out version= for the newest one.")
    if "Failed to fetch" in told or "error sending request" in told or "dns error" in told:
        return ConnectorCommandError(
            f"PyPI could not be reached. Check the network and pip's package index, then run the command again.\n{told}"
        )
    return ConnectorCommandError(
        f"{release} cannot be installed: the requirements in its metadata cannot be met together. Choose another "
        f"version, or add it by hand with an overrides.txt (docs/add-a-connector.md).\n{told.strip()[:4000]}"
    )
