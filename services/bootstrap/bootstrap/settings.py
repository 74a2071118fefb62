"""Everything that bootstrap reads from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from platform_kit.settings import Address, PlatformSettings, setting


class Settings(PlatformSettings):
    """Where things are and who we are; an empty variable counts as unset."""

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
    """In external mode the bucket is somebody's own."""
    seed_upload: bool = setting("SEED_UPLOAD")
    """Whether `seed` uploads in AIRBYTE_MODE=external too."""
    connectors: str = setting("AIRBYTE_CONNECTORS", "")
    """The versions of connectors to set in Airbyte: `source-s3:4.16.1 destination-bigquery:2.8.9`."""
    setup_email: str | None = setting("AIRBYTE_SETUP_EMAIL")
    """Completes the first-start setup of an Airbyte that is this platform's own; of others it is not ours to do."""
    public_api_url: Address | None = setting("AIRBYTE_PUBLIC_API_URL")
    """Where the public API is, if not below airbyte_url: Airbyte Cloud's is `https://api.airbyte.com/v1`."""
