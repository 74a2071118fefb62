"""A BigQuery emulator: local-bigquery on DuckDB files, with bridges for what dbt and the loader need in addition."""
