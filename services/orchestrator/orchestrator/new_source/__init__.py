"""Adds a file of data to the platform, and removes it: its connection, its dbt source and a staging model.

The order of the modules: `files` finds the files, `csv_look`, `json_look` and `parquet_look` look at their content,
`texts` writes the blocks, `changes` shows and makes the changes, `adding` and `removing` are the two commands.
"""
