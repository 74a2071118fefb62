"""What several services of the platform share: each module is one thing and imports nothing of a service."""
