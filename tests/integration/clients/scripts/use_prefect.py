"""Both Prefect packages, which have the same API: the client, and the block that starts a sync and waits for it.

usage: use_prefect.py WORLD prefect_airbyte|airbyte_prefect
"""

import asyncio
import importlib
import logging
import sys
from typing import Any
from urllib.parse import urlsplit

from facts import WORLD, fact, print_facts

package = sys.argv[2]
server_module = importlib.import_module(f"{package}.server")
connections = importlib.import_module(f"{package}.connections")
port = urlsplit(WORLD["url"]).port


def server(password: str) -> Any:
    return server_module.AirbyteServer(
        username=WORLD["username"], password=password, server_host="127.0.0.1", server_port=port
    )


async def error_of(action: Any) -> str:
    """Await an action that must fail; return the messages of the client and of the cause."""
    try:
        return f"no error: {await action!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error} <- {error.__cause__}"


async def synced(name: str) -> Any:
    """Start a sync with the block, wait for its end, return the result."""
    block = connections.AirbyteConnection(
        airbyte_server=server(WORLD["password"]), connection_id=WORLD[name], poll_interval_s=1
    )
    run = await block.trigger()
    await run.wait_for_completion()
    return await run.fetch_result()


async def main() -> None:
    log = logging.getLogger(package)
    async with server("wrong").get_client(logger=log) as client:
        fact("check", True)
        fact("wrong credentials", await error_of(client.get_connection_status(WORLD["people"])))
    async with server(WORLD["password"]).get_client(logger=log) as client:
        fact("status", await client.get_connection_status(WORLD["people"]))
        job, _ = await client.trigger_manual_sync_connection(WORLD["people"])
        while (info := await client.get_job_info(job))["job"]["status"] in ("pending", "running"):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        fact("sync", info["job"]["status"])
        fact("records", info["attempts"][-1]["attempt"]["recordsSynced"])
        fact("unknown connection", await error_of(client.get_connection_status(WORLD["workspace"])))
    result = await synced("people")
    fact("block", [result.job_status, result.records_synced])
    fact("failed sync", await error_of(synced("broken")))


asyncio.run(main())
print_facts()
