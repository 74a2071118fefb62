"""A small server for Airbyte's API: it runs Airbyte's own source connectors and loads what they read into BigQuery.

The control plane is ours (workspaces, sources, destinations, connections, jobs; kept in one directory), the connectors
are Airbyte's packages from PyPI, each in its own virtual environment, and the tables are laid out as Airbyte's BigQuery
destination lays them out. Clients of Airbyte (bootstrap, Dagster, the official SDK) cannot tell the difference.
"""
