"""The settings that bootstrap reads from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from platform_kit.settings import Address, PlatformSettings, setting


class Settings(PlatformSettings):
    """Addresses, folders and credentials. An empty variable counts as unset."""

    airbyte_url: Address = setting("AIRBYTE_URL")
    connections_file: Path = setting("CONNECTIONS_FILE")
    state_directory: Path = setting("BOOTSTRAP_STATE_DIR")
    seed_directory: Path = setting("SEED_DATA_DIR")
    s3_bucket: str = setting("S3_BUCKET")
    s3_endpoint: str | None = setting("AWS_ENDPOINT_URL_S3")
    client_id: str | None = setting("AIRBYTE_CLIENT_ID")
    client_secret: str | None = setting("AIRBYTE_CLIENT_SECRET")
    username: str | None = setting("AIRBYTE_USERNAME")
    password: str | None = setting("AIRBYTE_PASSWORD")
    airbyte_mode: Literal["lite", "compose", "external"] = setting("AIRBYTE_MODE")
    """In external mode, the bucket belongs to the user."""
    seed_upload: bool = setting("SEED_UPLOAD")
    """Whether `seed` also uploads if AIRBYTE_MODE=external."""
    connectors: str = setting("AIRBYTE_CONNECTORS", "")
    """The versions of connectors to set in Airbyte: `source-s3:4.16.1 destination-bigquery:2.8.9`."""
    setup_email: str | None = setting("AIRBYTE_SETUP_EMAIL")
    """The e-mail address for the first-start setup. Set only for the Airbyte that belongs to this platform."""
    public_api_url: Address | None = setting("AIRBYTE_PUBLIC_API_URL")
    """The address of the public API, if it is not below airbyte_url. Airbyte Cloud: `https://api.airbyte.com/v1`."""
