"""INFORMATION_SCHEMA with the columns that BigQuery documents; local-bigquery has some of them.

`views` has tables, columns, datasets and routines, `storage` rows and bytes, `jobs` jobs; `ddl` writes statements.
"""
