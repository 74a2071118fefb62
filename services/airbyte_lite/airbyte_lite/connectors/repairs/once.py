"""Computes some values once, in the process that all commands are forked from, instead of in each command.

Each command of the connector 4.16.1 makes the same specification, checks that it is a valid JSON schema, and reads the
same description of S3. That is two thirds of the processor time of a command on a small file.
"""

import os
from typing import Any

import botocore.loaders
import botocore.session
from airbyte_cdk.sources.utils import schema_helpers
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from source_s3.v4 import SourceS3


def specification() -> None:
    """Make the specification once, and check it once: it is the same for every configuration."""
    made = SourceS3.create().spec()
    SourceS3.spec = lambda *_, **__: made
    kind = validator_for(made.connectionSpecification)
    kind.check_schema(made.connectionSpecification)

    def validate(instance: Any, schema: Any) -> None:
        if fault := best_match(kind(schema).iter_errors(instance)):
            raise fault

    schema_helpers.validate = validate


def description_of_s3() -> None:
    """Read botocore's files about S3 once. They contain no setting; the files of the home folder are not read here."""
    shared = botocore.loaders.Loader()
    original = botocore.session.create_loader
    botocore.session.create_loader = lambda search_path_string=None: (
        original(search_path_string) if search_path_string else shared
    )
    session = botocore.session.Session()
    for name in ("config_file", "credentials_file"):
        session.set_config_variable(name, os.devnull)
    session.create_client("s3", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")  # noqa: S106
