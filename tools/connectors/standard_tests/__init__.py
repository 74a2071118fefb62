"""airbyte-cdk's standard tests, run through airbyte-lite. They have an environment of their own."""
