"""`make images`, `images-save`, `images-load`: pulls the public images and builds the platform's own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import string
import subprocess
from pathlib import Path
from typing import Any

from tools.stack.compose import ROOT, StackError, config, output, say, show, succeeds

ARCHIVE = ROOT / ".local" / "images.tar"
STAND_IN = ROOT / "compose" / "stand-in"
CONNECTORS = ROOT / "services/airbyte_lite/connectors/connectors.toml"
INPUTS = "data-platform.inputs"  # label with the digest of the files and arguments that an image was built from
CONTENT = {"connections.yaml", "dbt_project"}  # what users change; the rest is the platform's code
MIRRORS = {"PIP_INDEX_URL", "UV_DEFAULT_INDEX"}  # not part of the digest: packages are locked by hash
PULL_SECONDS = 900  # for one image on a slow line; an unreachable registry fails at once
# The commands that build stand-ins for public images from Debian packages and PyPI, in build order.
STAND_INS = {
    "debian:trixie-slim": [str(STAND_IN / "debian.sh"), "debian:trixie-slim", "trixie"],
    "python:3.13-slim": ["docker", "build", "--quiet", "--tag", "python:3.13-slim", str(STAND_IN / "python")],
    "postgres:17": ["docker", "build", "--quiet", "--tag", "postgres:17", str(STAND_IN / "postgres")],
    "localstack/localstack:4.14.0": [
        *["docker", "build", "--quiet", "--tag", "localstack/localstack:4.14.0", str(STAND_IN / "localstack")]
    ],
}
BASES = {
    "python:3.13-slim": "debian:trixie-slim",
    "postgres:17": "debian:trixie-slim",
    "localstack/localstack:4.14.0": "python:3.13-slim",
}


def public_images() -> list[str]:
    """Return the public images that the compose file uses, starting with the base of our own images."""
    services = config()["services"].values()
    bases = {service["build"]["args"]["PYTHON_IMAGE"] for service in services if "build" in service}
    used = {service["image"] for service in services} | set(connectors())
    return sorted(bases) + sorted(used - set(own_images().values()) - bases)


def connectors() -> list[str]:
    """Return the images of the connectors that Airbyte runs; the proxies do not let it pull images."""
    services = config()["services"]
    if "airbyte" in services:  # airbyte-lite
        return list(pinned_images(CONNECTORS.read_text(encoding="utf-8")))
    environment = services["bootstrap"]["environment"]
    return [f"airbyte/{name}" for name in (environment.get("AIRBYTE_CONNECTORS") or "").split()]


def pinned_images(registry: str) -> dict[str, str]:
    """Return the images in the text of connectors.toml, each with the digest of its registry ("" if it has none)."""
    found = {}
    for entry in re.split(r"^\[", registry, flags=re.MULTILINE):
        values = dict(re.findall(r"""^(image|image_digest)\s*=\s*["'](.+?)["']""", entry, re.MULTILINE))
        if "image" in values:
            found[values["image"]] = values.get("image_digest", "")
    return found


def own_images() -> dict[str, str]:
    """Return the images that are built from this checkout, by service."""
    return {name: service["image"] for name, service in config()["services"].items() if "build" in service}


def present(image: str) -> bool:
    """Return whether the engine has this image."""
    return succeeds("docker", "image", "inspect", image)


def pullable(image: str) -> str:
    """Ask the registry whether it has an image, without pulling. Return the image, or "" when it cannot be pulled."""
    command = ["docker", "manifest", "inspect", image]
    try:
        code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=15).returncode
    except subprocess.TimeoutExpired:
        return ""
    return "" if code else image


def pull(image: str) -> str:
    """Pull an image. Return "", or the last line of the error when it could not be pulled."""
    try:
        result = subprocess.run(
            ["docker", "pull", "--quiet", image],
            capture_output=True,
            text=True,
            timeout=PULL_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {PULL_SECONDS} s"
    lines = result.stderr.strip().splitlines() or ["unknown error"]
    return lines[-1] if result.returncode else ""


def stand_in(image: str) -> None:
    """Build the stand-in for an image, after the stand-in for its base image if that is missing. Raises StackError."""
    base = BASES.get(image)
    if base and not present(base):
        stand_in(base)
    say(f"  building a stand-in for {image} from Debian packages and PyPI")
    result = subprocess.run(STAND_INS[image], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        raise StackError(f"the stand-in for {image} could not be built:\n{result.stdout.strip()}")


def obtain(image: str) -> None:
    """Make a public image available: pull it if it is missing, or else build its stand-in. Raises StackError."""
    if present(image):
        return
    say(f"  pulling {image}")
    # The tag of a connector may belong to another image by now; its digest does not.
    digest = pinned_images(CONNECTORS.read_text(encoding="utf-8")).get(image)
    exact = f"{image.rpartition(':')[0]}@{digest}" if digest else image
    reason = pull(exact)
    if not reason:
        if digest:
            output("docker", "tag", exact, image)
        return
    if image not in STAND_INS:
        raise StackError(
            f"{image} cannot be pulled ({reason}) and has no stand-in.\n"
            f"Stand-ins exist for {', '.join(STAND_INS)}. Set a registry mirror in .env, or load the images that "
            "another machine has saved: make images-load"
        )
    say(f"  {image} cannot be pulled: {reason}")
    stand_in(image)


def make_images() -> None:
    """Make the public images available and build our own images that are not up to date. Raises StackError."""
    for image in public_images():
        obtain(image)
    build = outdated()
    if build:
        say(f"  building {', '.join(build)}")
        variables = {variable(service): digest for service, digest in build.items()}
        show("docker", "compose", "build", "--quiet", *build, **variables)
        # The replaced images have no name any more and take up to a gigabyte each time.
        output("docker", "image", "prune", "--force", "--filter", f"label={INPUTS}", check=False)


def outdated() -> dict[str, str]:
    """Return the services whose image is missing or was built from other files, with the digest of today's files."""
    found = {}
    for service, image in own_images().items():
        digest = inputs(config()["services"][service]["build"])
        if made_of(image) != digest:
            found[service] = digest
    return found


def made_of(image: str) -> str:
    """Return the `inputs` with which one of our images was made; empty if the image is missing."""
    form = f'{{{{index .Config.Labels "{INPUTS}"}}}}'
    return output("docker", "image", "inspect", "--format", form, image, check=False).strip()


def variable(service: str) -> str:
    """Return the name of the variable that holds a service's digest in the compose file."""
    return f"INPUTS_{service.upper().replace('-', '_')}"


def inputs(build: dict[str, Any]) -> str:
    """Return two digests of an image's inputs, joined by `-`.

    The first one is of the Dockerfile, the build arguments and the code, the second one of the user's files (CONTENT).
    """
    dockerfile = (ROOT / build["dockerfile"]).read_text()
    arguments = {name: value for name, value in build["args"].items() if name not in MIRRORS}
    code = hashlib.sha256((dockerfile + json.dumps(arguments, sort_keys=True)).encode())
    content = hashlib.sha256()
    text = string.Template(stages(dockerfile, build.get("target"))).safe_substitute(arguments)
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for source in sources.split():
            path = ROOT / source
            digest = content if source in CONTENT else code
            for file in sorted(files(path)) if path.is_dir() else [path]:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return f"{code.hexdigest()[:16]}-{content.hexdigest()[:16]}"


def stages(dockerfile: str, target: str | None) -> str:
    """Return the text of the stages that a target uses, directly or not; without a target, the whole Dockerfile."""
    found = {
        stage.split(maxsplit=4)[3]: stage
        for stage in re.split(r"^(?=FROM )", dockerfile, flags=re.MULTILINE)
        if re.match(r"FROM \S+ AS ", stage)
    }
    if target is None:
        return dockerfile
    needed = [target]
    for name in needed:
        uses = re.findall(r"(?:^FROM |\bfrom=)([^\s,]+)", found[name], re.MULTILINE)
        needed += [other for other in dict.fromkeys(uses) if other in found and other not in needed]
    return "".join(found[name] for name in needed)


def files(directory: Path) -> list[Path]:
    """Return the files below a directory. Generated files are left out, like in .dockerignore."""
    found = []
    for parent, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if name not in ("__pycache__", "target", "logs")]
        found += [Path(parent) / name for name in names if name != ".user.yml"]
    return found


def are_current() -> bool:
    """Return whether the engine has every image, and our own images were built from today's files."""
    return all(map(present, public_images())) and not outdated()


def save() -> None:
    """Write every image into one archive, for a machine without a network. Raises StackError when one is missing."""
    images = [*public_images(), *own_images().values()]
    missing = [image for image in images if not present(image)]
    if missing:
        raise StackError(f"images not found: {', '.join(missing)}. Make them first: make images")
    ARCHIVE.parent.mkdir(exist_ok=True)
    output("docker", "save", "--output", str(ARCHIVE), *images)
    size = ARCHIVE.stat().st_size / 1e6
    say(
        f"saved {len(images)} images ({size:.0f} MB) in {ARCHIVE.relative_to(ROOT)}. Copy this file to the same path "
        "on the other machine, then run there: make images-load up"
    )


def load() -> None:
    """Load the archive and give our images the names of this checkout. Raises StackError without an archive."""
    if not ARCHIVE.exists():
        raise StackError(
            f"{ARCHIVE.relative_to(ROOT)} not found. Run make images-save on a machine with a network, then copy the "
            "file to this path"
        )
    loaded = [
        line.split(": ", 1)[1]
        for line in output("docker", "load", "--input", str(ARCHIVE)).splitlines()
        if ": " in line
    ]
    for image in own_images().values():
        suffix = image.rsplit("-", 1)[1]
        same = [name for name in loaded if name.endswith(f"-{suffix}")]
        if same and image not in loaded:
            output("docker", "tag", same[0], image)
    say(f"loaded {len(loaded)} images. Next: make up")
