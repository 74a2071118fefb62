"""The only door to the Docker engine: lets Dagster run its workers, or the real Airbyte its connectors, nothing else.

Every request is parsed against an allow-list and a new request is made from what was parsed; nothing is passed through
as it came. So what the engine's lenient decoder would make of odd spellings does not matter.
"""
