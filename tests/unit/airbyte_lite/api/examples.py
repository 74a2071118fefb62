"""Ids and the configuration of a destination, for the tests of the endpoints."""

S3_ID = "69589781-7828-43c5-9f63-8925b1c1ccc2"
"""Of the definition of Airbyte's S3 connector."""
WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"
BIGQUERY = {
    "project_id": "local-dev",
    "dataset_id": "jaffle",
    "dataset_location": "US",
    "loading_method": {"method": "Standard"},
    "credentials_json": '{"private_key": "s3cret"}',
}
