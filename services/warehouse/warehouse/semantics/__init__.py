"""What a BigQuery statement means, decided before it is translated for DuckDB.

`analysis.analyse` gives every node of the parsed statement its BigQuery type (annotate.py, with signatures.py and
types.py), then applies the rules of `rules/`, from the leaves to the root. A rule looks at one kind of node: it returns
the node to put in its place, or refuses the statement with BigQuery's words. `rules/__init__.py` lists all rules.
"""
