"""`make env`: makes .env with generated secrets, readable by its owner only, or adds to one what it lacks."""

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
    """Return the name of the checkout's folder, as far as Compose accepts it as the name of a project."""
    return re.sub(r"[^a-z0-9_-]", "", ROOT.name.lower()).lstrip("_-") or "platform"


# What the table of settings calls the ways to make a value.
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
    """Write .env from .env.example; add to one that exists what came into the example since. What it says stays."""
    text = (ROOT / ".env.example").read_text()
    for name, value in generated().items():
        text = re.sub(rf"^{name}=$", f"{name}={value}", text, flags=re.MULTILINE)
    if ENV_FILE.exists():
        complete(dict(re.findall(r"^([A-Z][A-Z0-9_]+)=(.*)$", text, re.MULTILINE)))
        return
    write(ENV_FILE, text)
    say("made .env with generated secrets (readable by you only)")


def complete(example: dict[str, str]) -> None:
    """Put into .env the variables of the example that it lacks: first, as its other lines may refer to them.

    Last what refers to others itself: Compose takes a line that stands further down for empty.
    """
    present = read_file()  # what only this shell has is for .env still to get
    optional = modes.optional(present)
    absent = {name: value for name, value in example.items() if name not in present and name not in optional}
    if not absent:
        return
    whole = ROOT / ".local" / "env"  # which git ignores, should we be interrupted
    whole.parent.mkdir(exist_ok=True)
    whole.unlink(missing_ok=True)
    lines = [f"{name}={value}\n" for name, value in absent.items()]
    first, last = ["".join(line for line in lines if ("${" in line) is refers) for refers in (False, True)]
    text = ENV_FILE.read_text()
    write(whole, first + text + ("\n" if last and text and not text.endswith("\n") else "") + last)
    whole.replace(ENV_FILE)
    say(f"added to .env what it lacked: {', '.join(absent)}")


def write(path: Path, text: str) -> None:
    """Write a new file with secrets: at no moment can others read it. Raises FileExistsError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
