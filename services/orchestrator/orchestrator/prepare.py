"""`orchestrator-prepare`: makes dbt's manifest ahead of time, for an image or before the first start."""

from orchestrator import manifest
from orchestrator.settings import Settings


def main() -> None:
    """Print the manifest's path."""
    print(manifest.prepare(manifest.dbt_project(Settings.read().dbt_project)))


if __name__ == "__main__":
    main()
