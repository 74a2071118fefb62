"""`make connector`, `make connectors` and `make connector-remove`: Airbyte's source connectors by their names."""
