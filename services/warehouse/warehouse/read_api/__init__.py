"""The BigQuery Storage Read API (gRPC), which clients use when google-cloud-bigquery-storage is installed.

`port` accepts connections, `certificates` lets unmodified clients trust them, `sessions` reads the tables.
"""
