"""Imported by `warm_python.py` before dbt, so that dbt has the same locks as in a run."""

from orchestrator.warm_dbt import lean

lean.use_simple_locks()
