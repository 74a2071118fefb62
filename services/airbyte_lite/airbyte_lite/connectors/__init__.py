"""Runs Airbyte's source connectors over the Airbyte protocol."""
