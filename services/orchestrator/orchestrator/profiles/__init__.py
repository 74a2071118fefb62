"""Profiles of the tables: what their columns hold, the history of it, and the check that a load is as usual."""
