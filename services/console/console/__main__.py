"""Starts the console: `python -m console`, configured by environment variables."""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import sys

import uvicorn

from console.settings import Settings
from platform_kit.listening import listen
from platform_kit.settings import SettingsError

GRACE_SECONDS = 1  # for open requests at a stop


def main() -> None:
    """Serve until SIGTERM or Ctrl-C. Exit with 2 for an invalid setting, with 1 if the port cannot be used."""
    parser = argparse.ArgumentParser("console", description="The platform in a browser.")
    parser.add_argument(
        "--bind", help="the address to listen on in place of CONSOLE_HOST, if a container publishes the port there"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        settings = Settings.read()
    except SettingsError as error:
        print(f"console: {error}", file=sys.stderr)
        sys.exit(2)
    try:
        sockets = listen(options.bind or settings.host, settings.port)
    except OSError as error:
        print(
            f"console: cannot listen on {options.bind or settings.host}, port {settings.port}: {error.strerror}.\n"
            "Stop the other program, or use another port: CONSOLE_PORT=8081",
            file=sys.stderr,
        )
        sys.exit(1)

    from console import app  # imported late: it takes a second, which an invalid setting need not wait for
    from console.clients.platform import Platform

    configuration = uvicorn.Config(
        app.create(Platform.of(settings)),
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    print(f"console: http://{settings.host}:{sockets[0].getsockname()[1]}", flush=True)
    gc.collect()
    gc.freeze()  # the objects of the imports stay: later collections skip them
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(configuration).run(sockets)


if __name__ == "__main__":
    main()
