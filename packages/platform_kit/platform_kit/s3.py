"""The client of S3: LocalStack's own where the endpoint is LocalStack's, boto3's for AWS and any other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CONNECT_SECONDS, ATTEMPTS = 5, 4


def client(environment: Mapping[str, str] = os.environ) -> S3Client:
    """Return a client for AWS_ENDPOINT_URL_S3 with the AWS_* variables' keys and region.

    An endpoint of plain HTTP with keys in the environment is LocalStack; everything else is boto3's to find out.
    """
    # Imported here: both take long, and whoever imports this module may not need a client.
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=CONNECT_SECONDS, retries={"total_max_attempts": ATTEMPTS})
    endpoint = urlsplit(environment.get("AWS_ENDPOINT_URL_S3") or "")
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    # localstack-client lets AWS_ENDPOINT_URL, which is for all services, come before the endpoint of S3.
    if endpoint.scheme != "http" or not key or not secret or os.environ.get("AWS_ENDPOINT_URL"):
        return boto3.client("s3", config=config)
    from localstack_client.session import Session  # type: ignore[import-untyped]

    session = Session(
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name=environment.get("AWS_DEFAULT_REGION") or "us-east-1",
        localstack_host=endpoint.netloc,
    )
    found: S3Client = session.client("s3", config=config)
    return found
