"""Settings of the server, read from the environment once, and the rule that decides who may call it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Addresses that cannot be reached from the internet: loopback, RFC 1918 and RFC 4193.
PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)


class SettingsError(Exception):
    """A setting that the server cannot start with; the message says which and what to set."""


@dataclass(frozen=True)
class Settings:
    """Everything the server reads from its environment."""

    host: str
    port: int
    data_dir: Path
    connector_environments: Path
    emulator_host: str | None  # None: Google BigQuery
    maximum_bytes_billed: int | None = None  # of one query; BigQuery fails a query that would bill more
    keep_days: int = 30  # what ended or was deleted longer ago is removed
    keep_jobs: int = 100  # of each connection
    client_id: str | None = None
    client_secret: str | None = None
    username: str | None = None
    password: str | None = None

    @property
    def authenticated(self) -> bool:
        """Whether callers must authenticate."""
        return self.client_id is not None or self.username is not None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check the settings; raises SettingsError with what to change."""

    def value(name: str) -> str | None:
        return environment.get(name) or None

    def count(name: str, default: int) -> int:
        given = value(name)
        if given is not None and not (given.isdigit() and int(given) > 0):
            raise SettingsError(f"{name} is '{given}'; it must be a whole number from 1 on.")
        return int(given or default)

    warehouse = value("WAREHOUSE") or "emulator"
    if warehouse not in ("emulator", "bigquery"):
        raise SettingsError(f"WAREHOUSE is '{warehouse}'; it must be 'emulator' or 'bigquery'.")
    port = value("AIRBYTE_LITE_PORT") or "8000"
    if not port.isdigit() or int(port) > 65535:
        raise SettingsError(f"AIRBYTE_LITE_PORT is '{port}'; it must be a port number from 0 to 65535.")
    limit = value("BQ_MAXIMUM_BYTES_BILLED")
    if limit is not None and not limit.isdigit():
        raise SettingsError(f"BQ_MAXIMUM_BYTES_BILLED is '{limit}'; it must be a number of bytes, like 10000000000.")
    settings = Settings(
        keep_days=count("AIRBYTE_LITE_KEEP_DAYS", 30),
        keep_jobs=count("AIRBYTE_LITE_KEEP_JOBS", 100),
        host=value("AIRBYTE_LITE_HOST") or "127.0.0.1",
        port=int(port),
        data_dir=Path(value("AIRBYTE_LITE_DATA_DIR") or ".local/airbyte").absolute(),
        connector_environments=Path(value("CONNECTOR_ENVIRONMENTS") or ".venvs/connectors").absolute(),
        emulator_host=_emulator_host(value("BIGQUERY_EMULATOR_HOST")) if warehouse == "emulator" else None,
        maximum_bytes_billed=int(limit or 0) or None,
        client_id=value("AIRBYTE_CLIENT_ID"),
        client_secret=value("AIRBYTE_CLIENT_SECRET"),
        username=value("AIRBYTE_USERNAME"),
        password=value("AIRBYTE_PASSWORD"),
    )
    if (settings.client_id is None) != (settings.client_secret is None):
        raise SettingsError("Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET together, or neither.")
    if (settings.username is None) != (settings.password is None):
        raise SettingsError("Set AIRBYTE_USERNAME and AIRBYTE_PASSWORD together, or neither.")
    if not settings.authenticated and not is_private(settings.host):
        raise SettingsError(
            f"airbyte-lite will not listen on {settings.host} without authentication: whoever reaches that address "
            "could read and change every connection. Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET, or "
            "AIRBYTE_USERNAME and AIRBYTE_PASSWORD, or set AIRBYTE_LITE_HOST to 127.0.0.1 "
            "or to a name or address on a private network."
        )
    return settings


def _emulator_host(value: str | None) -> str:
    host = value or "http://127.0.0.1:9050"
    if not host.startswith(("http://", "https://")):
        raise SettingsError(f"BIGQUERY_EMULATOR_HOST is '{host}'; it needs its scheme, like http://127.0.0.1:9050.")
    return host.rstrip("/")


def is_private(host: str) -> bool:
    """Return whether every address that `host` stands for is loopback or private; 0.0.0.0 and :: are not."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    addresses = {ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found}
    return all(any(address in network for network in PRIVATE_NETWORKS) for address in addresses)
