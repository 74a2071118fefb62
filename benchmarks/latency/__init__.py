"""The part `latency`: how long one waits for a run, a sync, a page."""
