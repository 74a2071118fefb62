"""The data tests of a table are asked in one query. Changes dbt-core in the process of a `dbt build`; see `patch`.

A query costs dbt four requests and BigQuery a job, whatever it asks. `board` chooses the tests that are asked together
and keeps their answers, `query` makes the one query of several tests, `patch` gives each test its row.
"""
