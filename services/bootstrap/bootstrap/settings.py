"""Everything that bootstrap reads from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where things are and who we are; an empty variable counts as unset."""

    airbyte_url: str
    connections_file: Path
    state_directory: Path
    seed_directory: Path
    s3_bucket: str
    s3_endpoint: str | None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    airbyte_mode: str = "lite"
    """lite, compose, external: in the last one the bucket is somebody's own."""
    seed_upload: bool = False
    """Whether `seed` uploads in AIRBYTE_MODE=external too."""
    connectors: str = ""
    """The versions of connectors to set in Airbyte: `source-s3:4.16.1 destination-bigquery:2.8.9`."""
    setup_email: str | None = None
    """Completes the first-start setup of an Airbyte that is this platform's own; of others it is not ours to do."""
    public_api_url: str | None = None
    """Where the public API is, if not below airbyte_url: Airbyte Cloud's is `https://api.airbyte.com/v1`."""

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Return the settings that an environment gives."""

        def text(name: str, default: str) -> str:
            return environment.get(name) or default

        return cls(
            airbyte_url=text("AIRBYTE_URL", "http://127.0.0.1:8000").rstrip("/"),
            connections_file=Path(text("CONNECTIONS_FILE", "connections.yaml")),
            state_directory=Path(text("BOOTSTRAP_STATE_DIR", ".local/bootstrap")),
            seed_directory=Path(text("SEED_DATA_DIR", "seed_data")),
            s3_bucket=text("S3_BUCKET", "jaffle-shop"),
            s3_endpoint=environment.get("AWS_ENDPOINT_URL_S3") or None,
            client_id=environment.get("AIRBYTE_CLIENT_ID") or None,
            client_secret=environment.get("AIRBYTE_CLIENT_SECRET") or None,
            username=environment.get("AIRBYTE_USERNAME") or None,
            password=environment.get("AIRBYTE_PASSWORD") or None,
            airbyte_mode=text("AIRBYTE_MODE", "lite"),
            seed_upload=text("SEED_UPLOAD", "no") == "yes",
            connectors=text("AIRBYTE_CONNECTORS", ""),
            setup_email=environment.get("AIRBYTE_SETUP_EMAIL") or None,
            public_api_url=text("AIRBYTE_PUBLIC_API_URL", "").rstrip("/") or None,
        )
