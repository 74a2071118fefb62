"""Imports once what warns while it is imported."""

import warnings

with warnings.catch_warnings():
    # sqlglotrs, which dagster-dbt asks for, announces that it is no longer maintained.
    warnings.simplefilter("ignore", DeprecationWarning)
    import orchestrator.dbt_integration  # noqa: F401
