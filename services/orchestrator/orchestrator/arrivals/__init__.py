"""The sensor for files: a new or changed object of the bucket starts a run of the landing tables that load it."""
