"""`make bench` and `make bench-full`: figures of the platform and of its peers, and docs/benchmarks.md."""
