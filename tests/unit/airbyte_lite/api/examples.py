"""A workspace and a destination, for the tests of the endpoints."""

WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"
BIGQUERY = {
    "project_id": "local-dev",
    "dataset_id": "jaffle",
    "dataset_location": "US",
    "loading_method": {"method": "Standard"},
    "credentials_json": '{"private_key": "s3cret"}',
}
