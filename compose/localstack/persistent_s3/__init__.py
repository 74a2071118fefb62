"""Keeps buckets and objects of LocalStack's S3 on disk: contents in files, everything else in a SQLite database."""
