"""The platform as plain processes on one machine: `make demo`, `make dev`, the integration tests."""
