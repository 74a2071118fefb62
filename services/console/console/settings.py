"""The settings that the console reads from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from platform_kit import hosts
from platform_kit.settings import Address, PlatformSettings, setting

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Settings(PlatformSettings):
    """Addresses, credentials and folders. An empty variable counts as unset."""

    host: str = setting("CONSOLE_HOST")
    port: int = setting("CONSOLE_PORT")
    password: str | None = setting("CONSOLE_PASSWORD")
    allowed_hosts: str | None = setting("ALLOWED_HOSTS")
    data_directory: Path = setting("CONSOLE_DATA_DIR")
    dbt_docs: Path = setting("DBT_DOCS_DIR")
    """The folder of the pages that the orchestrator makes."""
    sql_seconds: int = setting("CONSOLE_SQL_SECONDS")
    sql_rows: int = setting("CONSOLE_SQL_ROWS")
    sql_history: int = setting("CONSOLE_SQL_HISTORY")
    airbyte_mode: Literal["lite", "compose", "external"] = setting("AIRBYTE_MODE")
    airbyte_url: Address = setting("AIRBYTE_URL")
    public_api_url: Address | None = setting("AIRBYTE_PUBLIC_API_URL")
    workspace_id: str | None = setting("AIRBYTE_WORKSPACE_ID")
    client_id: str | None = setting("AIRBYTE_CLIENT_ID")
    client_secret: str | None = setting("AIRBYTE_CLIENT_SECRET")
    username: str | None = setting("AIRBYTE_USERNAME")
    airbyte_password: str | None = setting("AIRBYTE_PASSWORD")
    warehouse: Literal["emulator", "bigquery"] = setting("WAREHOUSE")
    emulator: Address = setting("BIGQUERY_EMULATOR_HOST")
    project: str = setting("BQ_PROJECT")
    dataset: str = setting("BQ_DATASET")
    location: str = setting("BQ_LOCATION")
    maximum_bytes_billed: int | None = setting("BQ_MAXIMUM_BYTES_BILLED")
    bucket: str = setting("S3_BUCKET")
    s3_endpoint: str | None = setting("AWS_ENDPOINT_URL_S3")
    dagster_url: Address = setting("DAGSTER_URL")
    dagster_link: Address = setting("DAGSTER_LINK")
    """Dagster's address for the browser."""
    connections_file: Path = setting("CONNECTIONS_FILE")
    dbt_project: Path = setting("DBT_PROJECT_DIR")
    state_directory: Path = setting("BOOTSTRAP_STATE_DIR")
    """What apply remembers; read for the plan."""
    connectors: str | None = setting("AIRBYTE_CONNECTORS")

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        """Refuse to be reachable by others without a password."""
        if self.host not in LOOPBACK and not self.password:
            raise ValueError(
                f"CONSOLE_HOST is '{self.host}': on any other address than 127.0.0.1 the console needs a password. "
                "Set CONSOLE_PASSWORD, or remove CONSOLE_HOST."
            )
        return self

    @property
    def names(self) -> list[str]:
        """The host names of the console, beside those of this machine itself."""
        return ["console", self.host, *hosts.names(self.allowed_hosts)]
