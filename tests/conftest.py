"""What every test has: an environment without our variables, whatever the shell has that starts the tests."""

import os
from collections.abc import Iterator

import pytest

PREFIXES = (
    *("AIRBYTE_", "AWS_", "BIGQUERY_", "BOOTSTRAP_", "BQ_", "COMPOSE_", "CONNECTIONS_", "CONNECTOR_", "DAGSTER_"),
    *("DBT_", "GCP_", "GOOGLE_", "PROXY_", "S3_", "SEED_DATA_", "WAREHOUSE", "WORKSPACE_"),
)


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[None]:
    """Take our settings out of the environment of the tests and of every process that they start."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(PREFIXES)]:
            patch.delenv(name)
        yield
