"""Uploads the seed files to S3 and makes Airbyte hold what connections.yaml declares."""
