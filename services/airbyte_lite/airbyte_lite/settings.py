"""The server's settings, read once from environment variables, and the check that a public address has credentials."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from platform_kit.settings import Address, PlatformSettings, setting

# Addresses that the internet cannot reach: loopback, RFC 1918 and RFC 4193.
PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)

CONNECTORS = Path(__file__).parents[1] / "connectors"
"""The checkout's folder of connectors.toml and the connectors' locks."""

Folder = Annotated[Path, AfterValidator(Path.absolute)]


class Settings(PlatformSettings):
    """Every setting of the server. packages/platform_kit holds the names and defaults."""

    host: str = setting("AIRBYTE_LITE_HOST")
    port: int = setting("AIRBYTE_LITE_PORT")
    data_dir: Folder = setting("AIRBYTE_LITE_DATA_DIR")
    connector_environments: Folder = setting("CONNECTOR_ENVIRONMENTS")
    connectors: Folder = setting("CONNECTORS_DIR", CONNECTORS)
    commands: int = setting("AIRBYTE_LITE_COMMANDS")
    command_silence: float = setting("AIRBYTE_LITE_COMMAND_SILENCE")
    sync_silence: float = setting("AIRBYTE_LITE_SYNC_SILENCE")
    batches: bool = setting("AIRBYTE_LITE_BATCHES")
    sync_hours: float = setting("AIRBYTE_LITE_SYNC_HOURS")
    connector_memory: int = setting("AIRBYTE_LITE_CONNECTOR_MEMORY_MIB")
    warehouse: Literal["emulator", "bigquery"] = setting("WAREHOUSE")
    emulator_address: Address = setting("BIGQUERY_EMULATOR_HOST")
    billing_limit: int = setting("BQ_MAXIMUM_BYTES_BILLED", 0)
    keep_days: int = setting("AIRBYTE_LITE_KEEP_DAYS")
    keep_jobs: int = setting("AIRBYTE_LITE_KEEP_JOBS")
    client_id: str | None = setting("AIRBYTE_CLIENT_ID")
    client_secret: str | None = setting("AIRBYTE_CLIENT_SECRET")
    username: str | None = setting("AIRBYTE_USERNAME")
    password: str | None = setting("AIRBYTE_PASSWORD")

    console_link: Address = setting("CONSOLE_LINK")

    @property
    def emulator_host(self) -> str | None:
        """The address of the BigQuery emulator; None for Google BigQuery."""
        return self.emulator_address if self.warehouse == "emulator" else None

    @property
    def maximum_bytes_billed(self) -> int | None:
        """The most bytes that BigQuery may bill for one query; None for no limit."""
        return self.billing_limit or None

    @property
    def authenticated(self) -> bool:
        """Whether callers must authenticate."""
        return self.client_id is not None or self.username is not None

    @model_validator(mode="after")
    def _check_access(self) -> Self:
        """Refuse incomplete credentials, and a public address without credentials."""
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("Set both AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET, or neither of them.")
        if (self.username is None) != (self.password is None):
            raise ValueError("Set both AIRBYTE_USERNAME and AIRBYTE_PASSWORD, or neither of them.")
        if not self.authenticated and not is_private(self.host):
            raise ValueError(
                f"airbyte-lite will not listen on {self.host} without authentication: everybody who can reach this "
                "address could read and change every connection. Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET, or "
                "set AIRBYTE_USERNAME and AIRBYTE_PASSWORD, or set AIRBYTE_LITE_HOST to 127.0.0.1 "
                "or to a name or address on a private network."
            )
        return self


def is_private(host: str) -> bool:
    """Return whether every address of `host` is a loopback or private address. 0.0.0.0 and :: are neither."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # the name is unknown, or no host name
        return False
    addresses = {ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found}
    return all(any(address in network for network in PRIVATE_NETWORKS) for address in addresses)
