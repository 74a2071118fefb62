"""The part `loads`: files in S3 become a table, by this platform and by its peers."""
