"""The platform as plain processes on one machine: for `make demo`, `make dev` and the integration tests."""
