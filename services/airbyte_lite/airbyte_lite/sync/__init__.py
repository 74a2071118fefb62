"""What one job does: reads a source into a destination, or resets a connection."""
