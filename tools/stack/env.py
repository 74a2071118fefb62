"""`make env`: makes .env with generated secrets, readable by its owner only, or adds missing settings to it."""

from __future__ import annotations

import os
import re
import secrets
import uuid
from collections.abc import Callable
from pathlib import Path

from tools.settings_table import TABLE
from tools.stack import modes
from tools.stack.compose import ENV_FILE, ROOT, read_file, say


def project() -> str:
    """Return the folder name of the checkout as a project name: a name of Compose that can also begin an image's name.

    Images and volumes are named `<project>-<service>`, and Docker takes only single separators in an image's name.
    """
    name = re.sub(r"[^a-z0-9_-]", "", ROOT.name.lower())
    return re.sub(r"[_-]{2,}", "-", name).strip("_-") or "platform"


# How to generate a value, by the name that the table of settings gives each way.
GENERATORS: dict[str, Callable[[], str]] = {
    "project": project,
    "token": lambda: secrets.token_urlsafe(24),
    "uuid": lambda: str(uuid.uuid4()),
    "access key": lambda: f"local{secrets.token_hex(8)}",
}


def generated() -> dict[str, str]:
    """Return new values for the settings that are generated once for a checkout."""
    return {setting.name: GENERATORS[setting.generated]() for setting in TABLE.values() if setting.generated}


def make_env() -> None:
    """Write .env from .env.example. If .env exists, only add the settings that it does not have."""
    text = (ROOT / ".env.example").read_text()
    for name, value in generated().items():
        text = re.sub(rf"^{name}=$", f"{name}={value}", text, flags=re.MULTILINE)
    if ENV_FILE.exists():
        complete(dict(re.findall(r"^([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE)))
        return
    write(ENV_FILE, text)
    say("made .env with generated secrets (readable by you only)")


def complete(example: dict[str, str]) -> None:
    """Add to .env the variables of the example that it does not have.

    New variables come first in the file, because other lines may refer to them. New variables that refer to others come
    last: Compose reads a reference to a later line as empty.
    """
    present = read_file()  # not the environment: a variable that only this shell has must be added to .env too
    optional = modes.optional(present)
    absent = {name: value for name, value in example.items() if name not in present and name not in optional}
    if not absent:
        return
    whole = ROOT / ".local" / "env"  # git ignores this folder, so an interrupted command leaves no secrets to commit
    whole.parent.mkdir(exist_ok=True)
    whole.unlink(missing_ok=True)
    lines = [f"{name}={value}\n" for name, value in absent.items()]
    first, last = ["".join(line for line in lines if ("${" in line) is refers) for refers in (False, True)]
    text = ENV_FILE.read_text(encoding="utf-8-sig")  # a byte order mark would stand before the second line
    write(whole, first + text + ("\n" if last and text and not text.endswith("\n") else "") + last)
    whole.replace(ENV_FILE)
    say(f"added missing settings to .env: {', '.join(absent)}")


def write(path: Path, text: str) -> None:
    """Write a new file that only its owner can ever read. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
