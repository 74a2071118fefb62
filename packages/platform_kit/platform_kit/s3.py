"""Makes the S3 client: localstack-client's for LocalStack, boto3's for AWS and every other S3."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SEED_PREFIX = "jaffle_shop/"
"""The folder of the bucket into which `make seed` uploads the files of the seed folder."""

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 60, 4
LOCALSTACK = re.compile(r"http://([^/:@\[\]]+:\d+)/?")
"""The endpoints that localstack-client can address: plain HTTP, a host name or IPv4 address, a port, and no path."""

NOT_FOR_LOCALSTACK = ("AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "USE_SSL")
"""Variables of the process that localstack-client ignores or prefers to the endpoint of S3."""


def client(
    environment: Mapping[str, str] = os.environ, *, read_seconds: int = READ_SECONDS, attempts: int = ATTEMPTS
) -> S3Client:
    """Return a client for AWS_ENDPOINT_URL_S3, with the keys and the region of the AWS_* variables.

    If the endpoint cannot be LocalStack, or the keys are not in the environment, boto3 finds endpoint, keys and
    region by its own rules, in the environment of the process. `read_seconds` limits the wait for each part of an
    answer, `attempts` the tries of a request.
    """
    # Imported here, because both imports are slow and not every user of this module needs a client.
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS, read_timeout=read_seconds, retries={"total_max_attempts": attempts}
    )
    localstack = LOCALSTACK.fullmatch(environment.get("AWS_ENDPOINT_URL_S3") or "")
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if not localstack or not key or not secret or any(os.environ.get(name) for name in NOT_FOR_LOCALSTACK):
        return boto3.client("s3", config=config)
    from localstack_client.session import Session  # type: ignore[import-untyped]

    session = Session(
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name=environment.get("AWS_DEFAULT_REGION") or "us-east-1",
        localstack_host=localstack[1],
    )
    found: S3Client = session.client("s3", config=config)
    return found


def kept_client() -> S3Client:
    """Return `client()` for the environment of the process. It is kept: a new one costs 0.1 s of CPU.

    Another client is made when a variable that matters has changed.
    """
    names = sorted(name for name in os.environ if name.startswith("AWS_") or name in NOT_FOR_LOCALSTACK)
    return _kept(tuple((name, os.environ[name]) for name in names))


@lru_cache(maxsize=1)
def _kept(_variables: tuple[tuple[str, str], ...]) -> S3Client:
    return client()
