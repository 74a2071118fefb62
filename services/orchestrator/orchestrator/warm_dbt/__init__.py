"""A dbt that is imported while the syncs of a run are working: the import takes 2 to 3 s of CPU.

`holder` starts the `server` with the run and ends it with the run. dagster-dbt starts the `client` instead of dbt.
Without Docker, `keeper` starts with Dagster one process that imports dbt once (`kept`); the servers are forks of it.
"""
