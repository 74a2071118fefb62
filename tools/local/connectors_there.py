"""Waits until the Airbyte of `make dev` has the connectors of the checkout.

`make connector` changes the checkout, and `make dev` then restarts airbyte-lite. Until then the server knows the old
connectors: a command that comes at once would be told that Airbyte does not have the new one.
"""

import json
import time
import tomllib
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tools import direct

REGISTRY = "services/airbyte_lite/connectors/connectors.toml"
WAIT_SECONDS, PAUSE_SECONDS = 30.0, 0.25
"""How long `make dev` may take to notice the change and to restart airbyte-lite. Afterwards the command itself fails,
and says why."""


def wait_for_connectors(root: Path, url: str, on_wait: Callable[[], None]) -> None:
    """Wait until the Airbyte at `url` has each connector of the checkout.

    `on_wait` is called once, when it answers without one of them. A server that does not answer may be restarting.
    """
    wanted = in_checkout(root)
    end = time.monotonic() + WAIT_SECONDS
    told = False
    while wanted:
        found = in_airbyte(url)
        if found is not None and wanted <= found:
            return
        if found is not None and not told:
            told = True
            on_wait()
        if time.monotonic() >= end:
            return
        time.sleep(PAUSE_SECONDS)


def in_checkout(root: Path) -> set[tuple[str, str]]:
    """Return the names and versions of the checkout's connectors; none if their file cannot be read."""
    try:
        entries = tomllib.loads((root / REGISTRY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()  # airbyte-lite says what is wrong with it
    return {(name, str(entry.get("version"))) for name, entry in entries.items()}


def in_airbyte(url: str) -> set[tuple[str, str]] | None:
    """Return the names and versions of the server's source connectors; None if it does not answer."""
    request = urllib.request.Request(
        f"{url}/api/v1/source_definitions/list", b"{}", {"Content-Type": "application/json"}
    )
    try:
        with direct.open_url(request, timeout=5) as answer:
            found = json.load(answer)["sourceDefinitions"]
    except (OSError, ValueError):
        return None
    return {(item["dockerRepository"].removeprefix("airbyte/"), item["dockerImageTag"]) for item in found}
