"""A proxy for the Docker engine: it lets Dagster run its workers, or the real Airbyte its connectors, and nothing else.

The proxy parses each request against an allow-list and sends the engine a new request, built from the parsed values.
It never forwards the caller's own bytes, which the engine's lenient decoder might read differently.
"""
