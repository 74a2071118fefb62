"""The texts of a new source: its block in connections.yaml, its dbt source and its staging models.

`make new-source` writes them into the checkout; the console shows them.
"""
