"""Buckets and objects of LocalStack's S3 on disk: contents as files, everything else as rows of a SQLite database."""
