"""What ours is compared with: one script for each peer. Each script runs in the peer's own environment."""
