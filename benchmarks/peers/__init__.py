"""The programs that the platform is compared with: one script for each peer, run in the peer's own environment."""
