"""Imports once what starts a process while it is imported: `file`, by which croniter tells the size of an integer."""

import croniter  # noqa: F401
