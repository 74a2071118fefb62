"""Starts the server: `python -m airbyte_lite`, configured by environment variables."""

from __future__ import annotations

import contextlib
import gc
import logging
import resource
import sys

import uvicorn

from airbyte_lite.api.app import create_app
from airbyte_lite.api.http_protocol import TimedProtocol
from airbyte_lite.api.listening import PortError, listen
from airbyte_lite.api.services import Services
from airbyte_lite.connectors.registry import RegistryError
from airbyte_lite.settings import Settings
from airbyte_lite.state.database import DataDirUnusable
from platform_kit.settings import SettingsError

SWITCH_SECONDS = 0.001
"""Time after which a busy thread lets the others run. Python's 5 ms make requests wait while many threads are busy."""
OPEN_FILES = 4096
"""Files and connections that the process may have open, if the machine allows it. Without this: 256 or 1,024."""
BACKLOG = 256
"""New connections that the server takes at once, and that the system keeps waiting for it."""
GRACE_SECONDS = 1  # for open requests at a shutdown; afterwards, running jobs get a few more seconds

log = logging.getLogger("airbyte_lite")


def main() -> None:
    """Serve until SIGTERM or SIGINT.

    If the server cannot start, log the reason and exit: with 1 if the port cannot be used, with 2 for an invalid
    setting, an invalid connectors.toml or a data directory that cannot be used.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    log.setLevel(logging.INFO)
    sys.setswitchinterval(SWITCH_SECONDS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        settings = Settings.read()
        sockets = listen(settings.host, settings.port)
        services = Services.open(settings)
    except (SettingsError, RegistryError, DataDirUnusable) as error:
        log.error("%s", error)
        sys.exit(2)
    except PortError as error:
        log.error("%s", error)
        sys.exit(1)
    log.info("airbyte-lite listens on http://%s:%s, data in %s", settings.host, settings.port, settings.data_dir)
    config = uvicorn.Config(
        create_app(services),
        http=TimedProtocol,
        log_config=None,
        access_log=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    # The garbage collector skips the objects of the imports and of the app: with them, each full collection stops every
    # thread for 15 to 30 ms.
    gc.collect()
    gc.freeze()
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets)


if __name__ == "__main__":
    main()
