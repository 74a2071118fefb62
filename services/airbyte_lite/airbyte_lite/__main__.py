"""Starts the server: python -m airbyte_lite, with its settings in the environment."""

from __future__ import annotations

import logging
import os
import sys

import uvicorn

from .app import create_app
from .database import DataDirInUse
from .services import Services
from .settings import SettingsError, read_settings

GRACE_SECONDS = 1  # for open requests; then jobs get a few seconds to stop

log = logging.getLogger("airbyte_lite")


def main() -> None:
    """Serve until SIGTERM or SIGINT; exits with 2 and a sentence if it cannot start."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    try:
        settings = read_settings(os.environ)
        services = Services.open(settings)
    except (SettingsError, DataDirInUse) as error:
        log.error("%s", error)
        sys.exit(2)
    log.info("airbyte-lite listens on http://%s:%s, data in %s", settings.host, settings.port, settings.data_dir)
    uvicorn.run(
        create_app(services),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


if __name__ == "__main__":
    main()
