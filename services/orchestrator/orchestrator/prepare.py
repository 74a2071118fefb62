"""`python -m orchestrator.prepare`: makes dbt's manifest ahead of time, for an image or before the first start."""

from dagster_dbt import DbtProject

from orchestrator import dbt
from orchestrator.settings import Settings

if __name__ == "__main__":
    print(dbt.prepare(DbtProject(Settings.read().dbt_project)))
