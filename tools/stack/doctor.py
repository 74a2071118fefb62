"""`make doctor`: what is missing or wrong before anything starts. It changes nothing; `make up` runs it first."""

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

from tools.settings_table import TABLE
from tools.stack import bigquery, images, modes, ports
from tools.stack.compose import ENV_FILE, ROOT, StackError, known, output, read_env, read_file, say, succeeds
from tools.stack.findings import Finding

ENGINE = (25, 0)  # health checks with a start interval
COMPOSE = (2, 24)  # the same, one-shot services under `up --wait`, and a file of variables that need not be there
COMFORT = 1.5  # GiB of memory beyond what is needed
DISK_WITH_IMAGES = 1.0  # GiB: data alone
# The checkout's files that containers read as they are: bootstrap, and the real Airbyte.
MOUNTED, MOUNTED_BY_AIRBYTE = ["connections.yaml"], ["compose/airbyte/flags.yml", "compose/airbyte/temporal.yaml"]
MOUNTED_FOLDERS = ["compose/localstack"]
DATABASE_PASSWORDS = ("POSTGRES_PASSWORD", "AIRBYTE_DB_PASSWORD")  # a database keeps the one it was made with
GIB = 1 << 30


def version(text: str) -> tuple[int, int]:
    """Return the first two numbers of a version; (0, 0) when there are none."""
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def check_engine() -> list[Finding]:
    """Check that an engine answers and is new enough, and that Compose v2 and buildx are there."""
    if not shutil.which("docker"):
        return [Finding("fail", "Docker is not installed", "make docker-engine (Debian), or without Docker: make demo")]
    server = output("docker", "version", "--format", "{{.Server.Version}}", check=False).strip()
    if not server:
        return [
            Finding(
                "fail",
                "no Docker engine answers",
                "start it (make docker-engine does on Debian) or be in its group; without Docker: make demo",
            )
        ]
    findings = [Finding("ok", f"engine {server}")]
    if version(server) < ENGINE:
        findings = [Finding("fail", f"engine {server} is older than {ENGINE[0]}", "make docker-engine, or upgrade it")]
    compose = output("docker", "compose", "version", "--short", check=False).strip()
    if version(compose) < COMPOSE:
        why = f"Compose {compose} is older than {COMPOSE[0]}.{COMPOSE[1]}" if compose else "Compose v2 is not installed"
        findings.append(Finding("fail", why, "make docker-engine (Debian), or install the docker-compose plugin"))
    else:
        findings.append(Finding("ok", f"Compose {compose}"))
    if not succeeds("docker", "buildx", "version"):
        findings.append(Finding("fail", "buildx is not installed", "install the docker-buildx plugin"))
    return findings


def check_machine(info: dict[str, Any], mode: modes.Mode) -> list[Finding]:
    """Check that the engine has enough processors, memory and disk."""
    cpus, memory = int(info.get("NCPU", 0)), float(info.get("MemTotal", 0)) / GIB
    findings = [Finding("ok", f"{cpus} CPUs, {memory:.1f} GiB of memory for the engine")]
    if memory < mode.memory:
        more = "give Docker more memory (Docker Desktop: Settings, Resources)"
        findings = [Finding("fail", f"{memory:.1f} GiB of memory; the platform with a run takes {mode.memory}", more)]
    elif memory < mode.memory + COMFORT or cpus < mode.cpus:
        findings = [Finding("warn", f"{cpus} CPUs and {memory:.1f} GiB of memory: it works, slowly", "")]
    root = str(info.get("DockerRootDir", ""))
    if root and Path(root).is_dir():  # not with Docker Desktop, whose engine has a disk of its own
        free = shutil.disk_usage(root).free / GIB
        needed = (
            DISK_WITH_IMAGES
            if all(map(images.present, [*images.own_images().values(), *images.public_images()]))
            else mode.disk
        )
        level = "ok" if free >= needed else "fail"
        findings.append(Finding(level, f"{free:.0f} GiB free in {root}, needed {needed:.0f}", "docker system prune"))
    return findings


def check_settings(variables: dict[str, str]) -> list[Finding]:
    """Check that .env is there, complete, private and valid."""
    if not ENV_FILE.exists():
        return [Finding("fail", "there is no .env", "make env")]
    required = [setting.name for setting in TABLE.values() if setting.env == "written"]
    findings = []
    findings += check_mounted(MOUNTED + MOUNTED_BY_AIRBYTE * (modes.mode(variables).airbyte == "compose"))
    findings += check_mounted_folders(MOUNTED_FOLDERS)
    needed = [name for name in required if name not in modes.optional(variables)]
    if absent := [name for name in needed if name not in variables]:
        findings.append(Finding("fail", f".env lacks {', '.join(absent)}", "make env, which adds what is missing"))
    findings += [Finding("fail", f"{name}: empty", mend_empty(name)) for name in needed if variables.get(name) == ""]
    for name in sorted(set(variables) - set(known())):
        findings.append(Finding("warn", f".env sets {name}, which nothing reads", "compare with .env.example"))
    own = read_file()
    if other := [name for name in variables if os.environ.get(name) not in (None, "", own.get(name))]:
        what = f"the environment sets {', '.join(other)}, and comes before .env"
        findings.append(Finding("warn", what, f"unset {' '.join(other)}, unless you mean it"))
    for file in (ENV_FILE, ROOT / "connections.env"):
        if file.exists() and file.stat().st_mode & 0o077:
            what = f"{file.name} holds secrets and others can read it"
            findings.append(Finding("warn", what, f"chmod 600 {file.name}"))
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", variables.get("COMPOSE_PROJECT_NAME", "")):
        findings.append(
            Finding("fail", "COMPOSE_PROJECT_NAME has to be lower-case letters, digits, - and _", "edit .env")
        )
    try:
        ports.chosen(variables)
    except ValueError as error:
        findings.append(Finding("fail", str(error), "edit .env"))
    return findings or [Finding("ok", ".env is complete")]


def mend_empty(name: str) -> str:
    """Return what to do about a setting that is empty."""
    if os.environ.get(name) == "":
        return f"unset {name}: the environment comes before .env"
    if name in DATABASE_PASSWORDS:
        return "its old value in .env: the database takes no new one. If lost, take the line out: make env, make reset"
    return "a value in .env, or take the line out: make env adds a new one"


def check_mounted(files: list[str]) -> list[Finding]:
    """Check that containers, which run as other users, can read the files that they get from the checkout."""
    absent = [name for name in files if not (ROOT / name).is_file()]  # Docker makes a folder of what is not there
    findings = [
        Finding("fail", f"{name}, which containers read, is no file", f"git checkout {name}") for name in absent
    ]
    shut = [name for name in files if name not in absent and not (ROOT / name).stat().st_mode & 0o004]
    return findings + [Finding("fail", f"{name} can be read by nobody but you", f"chmod a+r {name}") for name in shut]


def check_mounted_folders(folders: list[str]) -> list[Finding]:
    """Check the same for folders. A container would start without the scripts that it cannot read."""
    findings = []
    for name in folders:
        entries = [path for path in (ROOT / name).rglob("*") if path.name != "__pycache__" and path.suffix != ".pyc"]
        if not entries:
            findings.append(Finding("fail", f"{name}, which containers read, is empty", f"git checkout {name}"))
        elif not all(path.stat().st_mode & 0o004 for path in [ROOT / name, *entries]):
            what = f"{name} has files that can be read by nobody but you"
            findings.append(Finding("fail", what, f"chmod -R a+rX {name}"))
    return findings


def check_ports(variables: dict[str, str], project: str) -> list[Finding]:
    """Check that the ports to publish are free, or ours already."""
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
            findings.append(
                Finding("fail", f"port {port} ({name}) is held by {who}", f"stop it, or change {name} in .env")
            )
    return findings or [Finding("ok", "ports " + ", ".join(variables[name] for name in used))]


def check_project(project: str) -> list[Finding]:
    """Check that no other checkout uses the project's name."""
    form = '{{.Label "com.docker.compose.project.working_dir"}}'
    command = ["docker", "ps", "--all", "--filter", f"label=com.docker.compose.project={project}", "--format", form]
    others = {line for line in output(*command).splitlines() if line and line != str(ROOT)}
    if not others:
        return [Finding("ok", f"project {project}")]
    return [
        Finding(
            "fail",
            f"the project name {project} is used by the checkout in {', '.join(sorted(others))}",
            "another COMPOSE_PROJECT_NAME and other ports in .env, or `make down` there",
        )
    ]


def check_socket(variables: dict[str, str]) -> list[Finding]:
    """Check that the proxy gets the socket of the engine in use."""
    mounted = variables.get("DOCKER_SOCKET") or "/var/run/docker.sock"
    used = (
        os.environ.get("DOCKER_HOST")
        or output("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}", check=False).strip()
    )
    # Docker Desktop's engine sees its own machine's /var/run/docker.sock, wherever the client's socket is.
    if platform.system() != "Linux" or "desktop" in used or used in ("", f"unix://{mounted}"):
        return []
    if Path(used.replace("unix://", "")).resolve() == Path(mounted).resolve():
        return []
    socket = used.replace("unix://", "")
    return [
        Finding(
            "fail", f"the engine in use is {used}, the proxy would get {mounted}", f"DOCKER_SOCKET={socket} in .env"
        )
    ]


def check_images() -> list[Finding]:
    """Check that the images are there, or can be pulled or built."""
    missing = [image for image in images.public_images() if not images.present(image)]
    if not missing:
        return [Finding("ok", "public images are there")]
    with ThreadPoolExecutor() as pool:
        reachable = set(filter(None, pool.map(images.pullable, missing)))
    unreachable = [image for image in missing if image not in reachable]
    if not unreachable:
        return [Finding("ok", f"to be pulled: {', '.join(missing)}")]
    without = [image for image in unreachable if image not in images.STAND_INS]
    if without:
        return [Finding("fail", f"cannot be pulled: {', '.join(without)}", "a mirror in .env, or make images-load")]
    if not shutil.which("mmdebstrap") and not images.present("debian:trixie-slim"):
        why = f"no image registry answers ({', '.join(unreachable)}), and mmdebstrap is missing to build stand-ins"
        return [Finding("fail", why, "apt-get install mmdebstrap, or make images-load")]
    return [Finding("warn", f"no image registry answers: stand-ins will be built for {', '.join(unreachable)}", "")]


def examine() -> list[Finding]:
    """Run every check that the ones before it allow."""
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
    """Print findings, one line each, and under a bad one what to do."""
    for finding in findings:
        say(f"  {finding.level:<5} {finding.what}")
        if finding.next and finding.level != "ok":
            say(f"        → {finding.next}")


def doctor() -> None:
    """Show every finding. Raises StackError when one of them stops the platform."""
    findings = examine()
    show(findings)
    stop_if_ill(findings)


def stop_if_ill(findings: list[Finding]) -> None:
    """Raise StackError when a finding is a failure."""
    failed = sum(finding.level == "fail" for finding in findings)
    if failed:
        raise StackError(f"{failed} of {len(findings)} checks failed: see above. Nothing was started.")
