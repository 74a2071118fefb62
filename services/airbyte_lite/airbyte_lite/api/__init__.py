"""The HTTP endpoints: one module for each kind of object of the public API, one for the configuration API."""
