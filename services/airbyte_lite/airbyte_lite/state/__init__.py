"""Stores objects, jobs, logs and sync states in SQLite."""
