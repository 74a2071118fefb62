"""What the server keeps on disk: objects, jobs, logs and sync states in SQLite."""
