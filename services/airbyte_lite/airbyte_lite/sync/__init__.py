"""The work of one job: a sync of a connection, or a reset."""
