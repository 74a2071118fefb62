"""Loads records into BigQuery in the layout of Airbyte's BigQuery destination (Destinations V2)."""
