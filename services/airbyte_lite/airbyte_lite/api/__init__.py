"""The endpoints: the public API in one module per kind of object, the configuration API in one."""
