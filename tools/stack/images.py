"""`make images`, `images-save`, `images-load`: the images that the platform runs on and those it is made of."""

from __future__ import annotations

import subprocess

from stack.compose import ROOT, StackError, config, output, say, show, succeeds

ARCHIVE = ROOT / ".local" / "images.tar"
STAND_IN = ROOT / "compose" / "stand-in"
PULL_SECONDS = 900  # for one image over a slow line; a registry that cannot be reached says so at once
# What the public images can be replaced with, made from Debian packages and PyPI alone, in the order of their building.
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
    """Return the public images that the compose file names, the one that ours are built on first."""
    services = config()["services"].values()
    bases = {service["build"]["args"]["PYTHON_IMAGE"] for service in services if "build" in service}
    own = own_images()
    used = {service["image"] for service in services}
    return sorted(bases) + sorted(used - set(own) - bases)


def own_images() -> list[str]:
    """Return the images that are built from this checkout."""
    return sorted({service["image"] for service in config()["services"].values() if "build" in service})


def present(image: str) -> bool:
    """Return whether the engine has an image."""
    return succeeds("docker", "image", "inspect", image)


def pull(image: str) -> str:
    """Pull an image; return "" or the last line of the reason why it could not be."""
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
    """Build the stand-in of an image, and before it the one that it is based on. Raises StackError."""
    base = BASES.get(image)
    if base and not present(base):
        stand_in(base)
    say(f"  building a stand-in for {image} from Debian packages and PyPI")
    result = subprocess.run(STAND_INS[image], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        raise StackError(f"The stand-in for {image} could not be built:\n{result.stdout.strip()}")


def obtain(image: str) -> None:
    """Get a public image: it is there, or pulled, or a stand-in is built. Raises StackError when none works."""
    if present(image):
        return
    say(f"  pulling {image}")
    reason = pull(image)
    if not reason:
        return
    if image not in STAND_INS:
        raise StackError(
            f"{image} cannot be pulled ({reason}) and has no stand-in.\n"
            f"There are stand-ins for {', '.join(STAND_INS)}. Load images from another machine: make images-load."
        )
    say(f"  cannot be pulled: {reason}")
    stand_in(image)


def make_images() -> None:
    """Get the public images and build ours; what is up to date takes a second."""
    for image in public_images():
        obtain(image)
    say("  building the platform's own images")
    show("docker", "compose", "build", "--quiet")


def save() -> None:
    """Write every image into one archive, for a machine without a network."""
    images = [*public_images(), *own_images()]
    missing = [image for image in images if not present(image)]
    if missing:
        raise StackError(f"Not there: {', '.join(missing)}. Make them first: make images")
    ARCHIVE.parent.mkdir(exist_ok=True)
    output("docker", "save", "--output", str(ARCHIVE), *images)
    size = ARCHIVE.stat().st_size / 1e6
    say(f"{len(images)} images, {size:.0f} MB: {ARCHIVE.relative_to(ROOT)}. Copy it there, then: make images-load up")


def load() -> None:
    """Load the archive, and give our images the names that this checkout uses."""
    if not ARCHIVE.exists():
        raise StackError(
            f"There is no {ARCHIVE.relative_to(ROOT)}. Make it on a machine with a network: make images-save"
        )
    loaded = [
        line.split(": ", 1)[1]
        for line in output("docker", "load", "--input", str(ARCHIVE)).splitlines()
        if ": " in line
    ]
    for image in own_images():
        suffix = image.rsplit("-", 1)[1]
        same = [name for name in loaded if name.endswith(f"-{suffix}")]
        if same and image not in loaded:
            output("docker", "tag", same[0], image)
    say(f"loaded {len(loaded)} images")
