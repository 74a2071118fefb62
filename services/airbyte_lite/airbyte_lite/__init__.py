"""A small server for Airbyte's API: it runs Airbyte's own source connectors and loads their records into BigQuery.

This package implements the control plane: workspaces, sources, destinations, connections and jobs, stored in one
directory. The connectors are Airbyte's packages from PyPI, each in a virtual environment. The tables have the layout of
Airbyte's BigQuery destination. Clients of Airbyte (bootstrap, Dagster, the official SDK) work with it unchanged.
"""
