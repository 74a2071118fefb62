"""What the orchestrator reads from the environment. An empty variable counts as unset."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator

from platform_kit.settings import Address, PlatformSettings, setting


class Settings(PlatformSettings):
    """Where things are, and the credentials for Airbyte: read when they are used, so that the UI never shows them."""

    connections_file: Path = setting("CONNECTIONS_FILE")
    dbt_project: Annotated[Path, AfterValidator(Path.resolve)] = setting("DBT_PROJECT_DIR")
    bucket: str = setting("S3_BUCKET")
    landing_checks: bool = setting("LANDING_CHECKS")
    joint_tests: bool = setting("JOINT_TESTS")
    profiles: bool = setting("PROFILES")
    profile_rows: int = setting("PROFILE_ROWS")
    file_sensor: bool = setting("FILE_SENSOR")
    file_sensor_seconds: int = setting("FILE_SENSOR_SECONDS")
    file_settle_seconds: float = setting("FILE_SETTLE_SECONDS")
    drift_sensor_seconds: int = setting("DRIFT_SENSOR_SECONDS")
    state_directory: Path = setting("BOOTSTRAP_STATE_DIR")
    connectors: str = setting("AIRBYTE_CONNECTORS", "")
    alert_urls: str | None = setting("ALERT_URLS")
    alerts_folder: Path = setting("ALERTS_DIR")
    dbt_docs: Path = setting("DBT_DOCS_DIR")
    make_docs: bool = setting("DBT_DOCS")
    dagster_link: Address = setting("DAGSTER_LINK")

    airbyte_url: Address = setting("AIRBYTE_URL")
    public_api_url: Address | None = setting("AIRBYTE_PUBLIC_API_URL")
    client_id: str | None = setting("AIRBYTE_CLIENT_ID")
    client_secret: str | None = setting("AIRBYTE_CLIENT_SECRET")
    username: str | None = setting("AIRBYTE_USERNAME")
    password: str | None = setting("AIRBYTE_PASSWORD")

    warehouse: Literal["emulator", "bigquery"] = setting("WAREHOUSE")
    emulator: str = setting("BIGQUERY_EMULATOR_HOST")
    project: str = setting("BQ_PROJECT")
    location: str = setting("BQ_LOCATION")
    maximum_bytes_billed: int = setting("BQ_MAXIMUM_BYTES_BILLED", 0)
    """The limit of one query; 0: none."""
