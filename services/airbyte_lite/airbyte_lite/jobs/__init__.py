"""Runs jobs: when they start, in which order, and what their logs keep."""
