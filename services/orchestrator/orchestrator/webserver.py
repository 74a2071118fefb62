"""Dagster's webserver, which refuses what a page of another site sends: such a page could start and end runs."""

from __future__ import annotations

import os
import sys
from typing import Any

from dagster_webserver.cli import main as webserver
from dagster_webserver.webserver import DagsterWebserver
from starlette.middleware import Middleware

from platform_kit.hosts import HostGuard, names

NAMES = ("webserver",)
"""The host names of the webserver in Compose."""


def guard() -> None:
    """Put the guard before every webserver that this process makes. Raises ValueError if ALLOWED_HOSTS is invalid."""
    build = DagsterWebserver.build_middleware
    allowed = (*NAMES, *names(os.environ.get("ALLOWED_HOSTS")))

    def build_guarded(self: DagsterWebserver[Any, Any]) -> list[Middleware]:
        return [Middleware(HostGuard, allowed=allowed), *build(self)]

    DagsterWebserver.build_middleware = build_guarded  # type: ignore[method-assign]


def main() -> None:
    """Run `dagster-webserver` with the guard, or exit with 1 and the reason if ALLOWED_HOSTS is invalid."""
    try:
        guard()
    except ValueError as error:
        sys.exit(str(error))
    webserver()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
