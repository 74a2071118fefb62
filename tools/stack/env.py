"""`make env`: makes .env with generated secrets, readable by its owner only; one that exists is left alone."""

from __future__ import annotations

import os
import re
import secrets
import uuid

from stack.compose import ENV_FILE, ROOT, say


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
    """Write .env from .env.example unless there is one."""
    if ENV_FILE.exists():
        return
    text = (ROOT / ".env.example").read_text()
    for name, value in generated().items():
        text = re.sub(rf"^{name}=$", f"{name}={value}", text, flags=re.MULTILINE)
    # Created with its mode: at no moment can others read it. O_EXCL: a second `make env` at the same time loses.
    with os.fdopen(os.open(ENV_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    say("made .env with generated secrets (readable by you only)")
