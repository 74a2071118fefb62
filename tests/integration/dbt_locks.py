"""Imported by `warm_python.py` before dbt: dbt's locks are those of its process in a run, which nothing has to remove."""

from orchestrator.warm_dbt import lean

lean.use_simple_locks()
