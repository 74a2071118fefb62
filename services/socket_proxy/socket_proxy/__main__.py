"""`python -m socket_proxy`: becomes an unprivileged user, then serves until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from aiohttp import web

from socket_proxy.engine import Engine
from socket_proxy.policy import policy
from socket_proxy.server import http_server
from socket_proxy.settings import Settings, from_environment
from socket_proxy.sweeper import sweep_forever


def drop_privileges(settings: Settings) -> None:
    """Becomes an unprivileged user with the group of the engine's socket; exits if that user cannot open the socket."""
    if not settings.socket.is_socket():
        sys.exit(f"socket proxy: {settings.socket} is not a socket. Set DOCKER_SOCKET in .env to the engine's.")
    if os.getuid() == 0:
        group = settings.socket.stat().st_gid
        os.setgroups([group])
        os.setgid(settings.user)
        os.setuid(settings.user)
    if not os.access(settings.socket, os.R_OK | os.W_OK):
        sys.exit(
            f"socket proxy: {settings.socket} cannot be opened by user {os.getuid()} with groups {os.getgroups()}. "
            "Give the socket's group read and write access, or set DOCKER_SOCKET in .env to the engine's socket."
        )


async def serve(settings: Settings) -> None:
    """Listens and sweeps until SIGTERM or SIGINT; prints the port, which the system picks when it is 0."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    engine = Engine(settings)
    # aiohttp waits this long twice for connections that stay open, as attached ones do; Compose kills after 10 seconds.
    runner = web.ServerRunner(http_server(engine, policy(settings)), shutdown_timeout=2)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port).start()
    logging.info("listening on %s for %s", runner.addresses[0], settings.label)
    # The sweeper never returns. If it fails, the server ends with its error, and Compose starts the container again.
    try:
        async with asyncio.TaskGroup() as tasks:
            sweeper = tasks.create_task(sweep_forever(engine))
            await stop.wait()
            sweeper.cancel()
    finally:
        await runner.cleanup()
        await engine.close()


def main() -> None:
    """Reads the settings, drops privileges and serves."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        settings = from_environment(os.environ)
    except ValueError as error:
        sys.exit(f"socket proxy: {error}\nIts settings are the variables PROXY_… of its service in the compose file.")
    drop_privileges(settings)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
