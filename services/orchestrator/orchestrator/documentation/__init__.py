"""The documentation of the models: dbt's own pages and the lineage of columns, made after a build of changed models."""
