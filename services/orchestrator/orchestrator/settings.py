"""What the orchestrator reads from the environment. An empty variable counts as unset."""

import os
from pathlib import Path


def text(name: str, default: str) -> str:
    """Return a variable's value, or the default when it is unset or empty."""
    return os.environ.get(name) or default


def secret(name: str) -> str | None:
    """Return a variable's value, or None when it is unset or empty."""
    return os.environ.get(name) or None


def connections_file() -> Path:
    """Return the path of the file that declares the Airbyte connections."""
    return Path(text("CONNECTIONS_FILE", "connections.yaml"))


def dbt_project_directory() -> Path:
    """Return the path of the dbt project."""
    return Path(text("DBT_PROJECT_DIR", "dbt_project")).resolve()


def bucket() -> str:
    """Return the name of the bucket that the CSV files are in."""
    return text("S3_BUCKET", "jaffle-shop")
