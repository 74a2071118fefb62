"""Loads records into BigQuery the way Airbyte's BigQuery destination does (Destinations V2)."""
