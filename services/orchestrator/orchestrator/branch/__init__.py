"""Builds what has changed in the dbt project into datasets of its own, and compares it with the main tables.

`build` runs dbt, `comparison` asks the warehouse, one query a model.
"""
