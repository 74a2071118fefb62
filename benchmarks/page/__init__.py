"""The page docs/benchmarks.md and its plots, made from the results alone."""
