"""`make env`: makes .env with generated secrets, readable by its owner only, or adds to one what it lacks."""

from __future__ import annotations

import os
import re
import secrets
import uuid
from pathlib import Path

from tools.stack import modes
from tools.stack.compose import ENV_FILE, ROOT, read_file, say


def generated() -> dict[str, str]:
    """Return the values that are made up once for a checkout; the project's name is the checkout's folder's."""
    name = re.sub(r"[^a-z0-9_-]", "", ROOT.name.lower()).lstrip("_-") or "platform"
    return {
        "COMPOSE_PROJECT_NAME": name,
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "AIRBYTE_CLIENT_ID": str(uuid.uuid4()),
        "AIRBYTE_CLIENT_SECRET": secrets.token_urlsafe(24),
        "AIRBYTE_UI_PASSWORD": secrets.token_urlsafe(24),
        "AIRBYTE_DB_PASSWORD": secrets.token_urlsafe(24),
        "AWS_ACCESS_KEY_ID": "local" + secrets.token_hex(8),
        "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(24),
    }


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
