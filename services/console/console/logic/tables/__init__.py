"""Datasets and tables: the tree, and everything about one table."""
