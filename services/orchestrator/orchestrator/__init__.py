"""The Dagster code location: CSV files in S3, landing tables loaded by Airbyte, and the dbt models built on them."""
