"""The BigQuery Storage Read API (gRPC), which clients use for large results when google-cloud-bigquery-storage is there.

`port` accepts connections, `certificates` lets unmodified clients trust them, `sessions` reads the tables.
"""
