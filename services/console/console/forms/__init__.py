"""Forms from connector specifications, without a user interface: fields, values, mistakes, configuration.

A specification is the JSON schema of a connector's configuration with Airbyte's additions (`airbyte_secret`, `order`,
`group`, …). `reading` makes the tree of fields of it, `values` holds what a user enters and makes the configuration,
`mistakes` checks it.
"""
