"""The Dagster code location: files in S3, landing tables loaded by Airbyte, and the dbt models built on them."""
