"""A BigQuery on one machine: local-bigquery on DuckDB files, bridged where dbt or a loader needs more."""
