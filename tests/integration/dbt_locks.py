"""Imported by `warm_python.py` before dbt: dbt's locks are those that it has in a run."""

from orchestrator.warm_dbt import lean

lean.use_simple_locks()
