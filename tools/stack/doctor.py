"""`make doctor`: finds what is missing or invalid before anything starts. It changes nothing.

`make up` runs it first.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tools.settings_table import TABLE, refusals
from tools.stack import bigquery, images, modes, ports
from tools.stack.compose import ENV_FILE, ROOT, StackError, known, output, read_env, read_file, say, succeeds
from tools.stack.findings import Finding

ENGINE = (25, 0)  # the first with a start interval of health checks
COMPOSE = (2, 24)  # the first with an optional env_file, which connections.env is
COMFORT = 1.5  # GiB of memory above the minimum; with less, the platform is slow
DISK_WITH_IMAGES = 1.0  # GiB for data when all images exist already
# Files of the checkout that are mounted in containers: in bootstrap, and in the real Airbyte's.
MOUNTED, MOUNTED_BY_AIRBYTE = ["connections.yaml"], ["compose/airbyte/flags.yml", "compose/airbyte/temporal.yaml"]
MOUNTED_FOLDERS = ["compose/localstack"]
DATABASE_PASSWORDS = ("POSTGRES_PASSWORD", "AIRBYTE_DB_PASSWORD")  # a database keeps the password it was created with
LOOPBACK = ("127.0.0.1", "localhost", "::1")
GIB = 1 << 30


def version(text: str) -> tuple[int, int]:
    """Return the first two numbers of a version; (0, 0) for a text without a version."""
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def check_engine() -> list[Finding]:
    """Check that an engine answers and is new enough, and that Compose v2 and buildx are installed."""
    if not shutil.which("docker"):
        return [Finding("fail", "Docker is not installed", "make docker-engine (Debian); without Docker: make demo")]
    server = output("docker", "version", "--format", "{{.Server.Version}}", check=False).strip()
    if not server:
        return [
            Finding(
                "fail",
                "no Docker engine answers",
                "start the engine (Debian: make docker-engine), or join its group (usermod -aG docker USER); "
                "without Docker: make demo",
            )
        ]
    findings = [Finding("ok", f"engine {server}")]
    if version(server) < ENGINE:
        findings = [Finding("fail", f"engine {server} is older than {ENGINE[0]}", "upgrade the Docker engine")]
    compose = output("docker", "compose", "version", "--short", check=False).strip()
    if version(compose) < COMPOSE:
        why = f"Compose {compose} is older than {COMPOSE[0]}.{COMPOSE[1]}" if compose else "Compose v2 is not installed"
        findings.append(Finding("fail", why, "make docker-engine (Debian), or install the docker-compose plugin"))
    else:
        findings.append(Finding("ok", f"Compose {compose}"))
    if not succeeds("docker", "buildx", "version"):
        findings.append(Finding("fail", "buildx is not installed", "install the docker-buildx plugin"))
    return findings


def require_engine() -> None:
    """Raise StackError when no engine answers, or when it or its plugins are too old."""
    failed = [finding for finding in check_engine() if finding.level == "fail"]
    if failed:
        raise StackError("\n".join(f"{finding.what}. Next: {finding.next}" for finding in failed))


def check_machine(info: dict[str, Any], mode: modes.Mode) -> list[Finding]:
    """Check that the engine has enough processors, memory and disk."""
    cpus, memory = int(info.get("NCPU", 0)), float(info.get("MemTotal", 0)) / GIB
    findings = [Finding("ok", f"{cpus} CPUs, {memory:.1f} GiB of memory for the engine")]
    if memory < mode.memory:
        more = "give Docker more memory (Docker Desktop: Settings, Resources)"
        what = f"the engine has {memory:.1f} GiB of memory; the platform with one run needs {mode.memory} GiB"
        findings = [Finding("fail", what, more)]
    elif memory < mode.memory + COMFORT or cpus < mode.cpus:
        findings = [Finding("warn", f"{cpus} CPUs and {memory:.1f} GiB of memory: the platform works, but slowly", "")]
    root = str(info.get("DockerRootDir", ""))
    if root and Path(root).is_dir():  # Docker Desktop's engine has its own disk, which we cannot see
        free = shutil.disk_usage(root).free / GIB
        needed = (
            DISK_WITH_IMAGES
            if all(map(images.present, [*images.own_images().values(), *images.public_images()]))
            else mode.disk
        )
        level = "ok" if free >= needed else "fail"
        what = f"{free:.0f} GiB of disk free in {root}; the platform needs {needed:.0f} GiB"
        findings.append(Finding(level, what, "free some space, for example: docker system prune"))
    return findings


def check_settings(variables: dict[str, str]) -> list[Finding]:
    """Check that .env exists, is complete, private and valid."""
    if not ENV_FILE.exists():
        return [Finding("fail", ".env not found", "make env")]
    required = [setting.name for setting in TABLE.values() if setting.env == "written"]
    findings = []
    findings += check_mounted(MOUNTED + MOUNTED_BY_AIRBYTE * (modes.mode(variables).airbyte == "compose"))
    findings += check_mounted_folders(MOUNTED_FOLDERS)
    needed = [name for name in required if name not in modes.optional(variables)]
    if absent := [name for name in needed if name not in variables]:
        findings.append(Finding("fail", f"missing in .env: {', '.join(absent)}", "make env, which adds them"))
    findings += [Finding("fail", f"{name} is empty", mend_empty(name)) for name in needed if variables.get(name) == ""]
    for name in sorted(set(variables) - set(known())):
        findings.append(
            Finding("warn", f".env sets {name}, which is not a setting of the platform", "compare with .env.example")
        )
    host = variables.get("CONSOLE_HOST")
    if host and host not in LOOPBACK and not variables.get("CONSOLE_PASSWORD"):
        what = f"CONSOLE_HOST={host}: on any other address than 127.0.0.1 the console needs a password"
        findings.append(Finding("fail", what, "set CONSOLE_PASSWORD in .env, or remove CONSOLE_HOST"))
    own = read_file()
    if other := [name for name in variables if os.environ.get(name) not in (None, "", own.get(name))]:
        what = f"this shell's environment sets {', '.join(other)}, which replaces the value in .env"
        findings.append(Finding("warn", what, f"unset {' '.join(other)}, unless this is intended"))
    for file in (ENV_FILE, ROOT / "connections.env"):
        if file.exists() and file.stat().st_mode & 0o077:
            what = f"{file.name} holds secrets, and other users can read it"
            findings.append(Finding("warn", what, f"chmod 600 {file.name}"))
    for name, reason in refusals(modes.used(variables)).items():
        findings.append(Finding("fail", reason, f"unset {name}" if name in other else "edit .env"))
    try:
        ports.chosen(variables)
    except ValueError as error:
        findings.append(Finding("fail", str(error), "edit .env"))
    return findings or [Finding("ok", ".env is complete")]


def mend_empty(name: str) -> str:
    """Return what to do about an empty setting."""
    if os.environ.get(name) == "":
        return f"unset {name}: the environment sets it to nothing, which replaces the value in .env"
    if name in DATABASE_PASSWORDS:
        return (
            f"put the old value of {name} into .env: the database does not accept a new one. If it is lost, delete the "
            "line, then: make env, make reset (removes the data)"
        )
    return "put a value into .env, or delete the line and let make env generate a value"


def check_mounted(files: list[str]) -> list[Finding]:
    """Check that the files that containers mount exist and are readable for other users: containers run as others."""
    absent = [name for name in files if not (ROOT / name).is_file()]  # Docker makes a folder for a missing file
    findings = [
        Finding("fail", f"{name}: not a file; containers mount it", f"restore it: git checkout {name}")
        for name in absent
    ]
    private = [name for name in files if name not in absent and not (ROOT / name).stat().st_mode & 0o004]
    what = "only you can read it; the containers run as other users"
    return findings + [Finding("fail", f"{name}: {what}", f"chmod a+r {name}") for name in private]


def check_mounted_folders(folders: list[str]) -> list[Finding]:
    """Check that containers can read these folders. A container would start without the scripts that it cannot read."""
    findings = []
    for name in folders:
        entries = [path for path in (ROOT / name).rglob("*") if path.name != "__pycache__" and path.suffix != ".pyc"]
        if not entries:
            what = f"{name}: not found or empty; containers mount it"
            findings.append(Finding("fail", what, f"restore it: git checkout {name}"))
        elif not all(path.stat().st_mode & 0o004 for path in [ROOT / name, *entries]):
            what = f"{name} has files that only you can read; the containers run as other users"
            findings.append(Finding("fail", what, f"chmod -R a+rX {name}"))
    return findings


def check_ports(variables: dict[str, str], project: str) -> list[Finding]:
    """Check that the ports to publish are free or already published by this platform."""
    published = ports.published()
    findings = []
    used = modes.mode(variables).ports
    for name in used:
        port = int(variables[name])
        owner = published.get(port)
        if owner and owner.project == project:
            continue
        if owner or not ports.is_free(port):
            who = f"container {owner.name}" if owner else ports.process_on(port)
            what = f"port {port} ({name}) is in use by {who}"
            findings.append(Finding("fail", what, f"stop it, or set another {name} in .env"))
    return findings or [Finding("ok", "ports " + ", ".join(variables[name] for name in used))]


def check_project(project: str) -> list[Finding]:
    """Check that no other checkout uses the same project name."""
    form = '{{.Label "com.docker.compose.project.working_dir"}}'
    command = ["docker", "ps", "--all", "--filter", f"label=com.docker.compose.project={project}", "--format", form]
    others = {line for line in output(*command).splitlines() if line and line != str(ROOT)}
    if not others:
        return [Finding("ok", f"project {project}")]
    return [
        Finding(
            "fail",
            f"the project name {project} is already used by the checkout in {', '.join(sorted(others))}",
            "set another COMPOSE_PROJECT_NAME and other ports in .env, or run `make down` in that checkout",
        )
    ]


def check_socket(variables: dict[str, str]) -> list[Finding]:
    """Check that the socket proxy gets the socket of the engine that this command line uses."""
    mounted = variables.get("DOCKER_SOCKET") or TABLE["DOCKER_SOCKET"].default
    used = (
        os.environ.get("DOCKER_HOST")
        or output("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}", check=False).strip()
    )
    # Docker Desktop mounts the /var/run/docker.sock of its virtual machine, wherever the client's socket is.
    if platform.system() != "Linux" or "desktop" in used or used in ("", f"unix://{mounted}"):
        return []
    if Path(used.replace("unix://", "")).resolve() == Path(mounted).resolve():
        return []
    socket = used.replace("unix://", "")
    what = f"you use the engine at {used}, but the socket proxy would get the socket {mounted}"
    return [Finding("fail", what, f"set DOCKER_SOCKET={socket} in .env")]


def check_images() -> list[Finding]:
    """Check that the engine has the public images, or that they can be pulled or replaced by stand-ins."""
    missing = [image for image in images.public_images() if not images.present(image)]
    if not missing:
        return [Finding("ok", "public images are present")]
    with ThreadPoolExecutor() as pool:
        reachable = set(filter(None, pool.map(images.pullable, missing)))
    unreachable = [image for image in missing if image not in reachable]
    if not unreachable:
        return [Finding("ok", f"images that make up will pull: {', '.join(missing)}")]
    without = [image for image in unreachable if image not in images.STAND_INS]
    if without:
        what = f"images that cannot be pulled: {', '.join(without)}"
        return [Finding("fail", what, "set a registry mirror in .env, or load the images: make images-load")]
    if not shutil.which("mmdebstrap") and not images.present("debian:trixie-slim"):
        what = f"no image registry answers ({', '.join(unreachable)}), and building stand-ins needs mmdebstrap"
        return [Finding("fail", what, "apt-get install mmdebstrap, or make images-load")]
    what = f"no image registry answers: make up will build stand-ins for {', '.join(unreachable)}"
    return [Finding("warn", what, "")]


def examine() -> list[Finding]:
    """Return the findings of all checks. After a failure of the engine or the settings, the other checks do not run."""
    findings = check_engine()
    variables = read_env()
    findings += check_settings(variables)
    if ENV_FILE.exists():
        findings += modes.check(variables)
    if any(finding.level == "fail" for finding in findings):
        return findings
    project = variables["COMPOSE_PROJECT_NAME"]
    info = json.loads(output("docker", "info", "--format", "{{json .}}"))
    checks: list[Callable[[], list[Finding]]] = [
        lambda: check_machine(info, modes.mode(variables)),
        lambda: check_socket(variables),
        lambda: check_project(project),
        lambda: check_ports(variables, project),
        lambda: bigquery.check(variables),
        check_images,
    ]
    with ThreadPoolExecutor() as pool:
        for found in pool.map(lambda check: check(), checks):
            findings += found
    return findings


def show(findings: list[Finding]) -> None:
    """Print each finding on one line, and below a warning or failure what to do."""
    for finding in findings:
        say(f"  {finding.level:<5} {finding.what}")
        if finding.next and finding.level != "ok":
            say(f"        → {finding.next}")


def doctor() -> None:
    """Show every finding. Raises StackError when one of them is a failure."""
    findings = examine()
    show(findings)
    stop_if_ill(findings)


def stop_if_ill(findings: list[Finding]) -> None:
    """Raise StackError when a finding is a failure."""
    failed = sum(finding.level == "fail" for finding in findings)
    if failed:
        raise StackError(f"{failed} of {len(findings)} checks failed, see above. Nothing was started.")
