"""Starts the server: python -m airbyte_lite, with its settings in the environment."""

from __future__ import annotations

import contextlib
import logging
import sys

import uvicorn

from airbyte_lite.api.app import create_app
from airbyte_lite.api.listening import PortError, listen
from airbyte_lite.api.services import Services
from airbyte_lite.settings import Settings
from airbyte_lite.state.database import DataDirInUse
from platform_kit.settings import SettingsError

GRACE_SECONDS = 1  # for open requests; then jobs get a few seconds to stop

log = logging.getLogger("airbyte_lite")


def main() -> None:
    """Serve until SIGTERM or SIGINT; exits with a sentence if it cannot: 1 without its port, 2 for other reasons."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    try:
        settings = Settings.read()
        sockets = listen(settings.host, settings.port)
        services = Services.open(settings)
    except (SettingsError, DataDirInUse) as error:
        log.error("%s", error)
        sys.exit(2)
    except PortError as error:
        log.error("%s", error)
        sys.exit(1)
    log.info("airbyte-lite listens on http://%s:%s, data in %s", settings.host, settings.port, settings.data_dir)
    config = uvicorn.Config(
        create_app(services), log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_SECONDS
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets)


if __name__ == "__main__":
    main()
