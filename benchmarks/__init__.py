"""`make bench` and `make bench-full`: measured figures of the platform and of its peers, and the page docs/benchmarks.md."""
