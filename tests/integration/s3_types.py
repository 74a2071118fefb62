"""The type of S3's client, for annotations. Only type checkers import its package, which takes half a second."""

from typing import TYPE_CHECKING, Any

__all__ = ["S3Client"]

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
else:
    S3Client = Any
