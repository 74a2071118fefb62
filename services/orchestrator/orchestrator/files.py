"""The files in S3: external assets, from which the landing tables are loaded."""

import hashlib
import re
import zlib
from collections.abc import Iterable
from contextlib import closing
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import dagster as dg

from connections_file import Connection
from orchestrator.records import count_parquet, count_records
from orchestrator.s3_streams import FileFormat, ParquetFormat
from orchestrator.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

GROUP = "s3"
COMPRESSIONS = (".gz", ".bz2", ".zip")


def asset_key(s3_key: str) -> dg.AssetKey:
    """Return the asset key of a file: `jaffle_shop/orders.csv` of the bucket is `s3/jaffle_shop/orders.csv`.

    Dagster refuses most characters in the key of a dependency. They become `_`, and a hash keeps the key unique.
    """
    name = re.sub(r"[^A-Za-z0-9_./-]", "_", s3_key)
    if name != s3_key:
        name += f"_{hashlib.sha256(s3_key.encode()).hexdigest()[:8]}"
    return dg.AssetKey(["s3", *name.split("/")])


def file_assets(connections: Iterable[Connection]) -> list[dg.AssetSpec]:
    """Return one external asset for each file that a connection loads."""
    keys = {key for connection in connections for stream in connection.streams for key in stream.files}
    bucket = Settings.read().bucket
    return [
        dg.AssetSpec(
            asset_key(key),
            group_name=GROUP,
            kinds={"s3", _kind(key)} - {""},
            description=f"The file `{key}`. Airbyte loads it; uploading it is not part of the pipeline.",
            metadata={"dagster/uri": f"s3://{bucket}/{key}"},
        )
        for key in sorted(keys)
    ]


def _kind(s3_key: str) -> str:
    """Return the type of a file from its name: `csv` for `orders.csv.gz`, empty for a name without an extension."""
    path = PurePosixPath(s3_key)
    return (path.with_suffix("") if path.suffix in COMPRESSIONS else path).suffix.removeprefix(".").lower()


class Bucket(dg.ConfigurableResource):  # type: ignore[type-arg]  # the parameter is for resources that wrap a value
    """The bucket; address and credentials come from AWS's own variables."""

    def count_records(self, s3_key: str, file_format: FileFormat) -> int:
        """Return the number of records of a file.

        Raises Failure when the file is missing or unreadable, NotCountedError when its records cannot be counted.
        """
        # Imported here: the import is slow, and loading the code location does not need it.
        from botocore.exceptions import BotoCoreError, ClientError

        from platform_kit import s3

        client = s3.client()
        try:
            if isinstance(file_format, ParquetFormat):
                return count_parquet(lambda size: _get(client, s3_key, Range=f"bytes=-{size}").read())
            with closing(_get(client, s3_key)) as body:
                return count_records(body, s3_key, file_format)
        except ClientError as error:
            raise _unreadable(s3_key, f"{error}. Upload the file, then run again.") from error
        except BotoCoreError as error:  # no connection, or one that broke
            raise _unreadable(s3_key, f"{error}. Is S3 running? make ps shows it; then run again.") from error
        except (EOFError, OSError, ValueError, zlib.error) as error:
            raise _unreadable(s3_key, f"{error}. Replace the file, then run again.") from error


def _get(client: "S3Client", s3_key: str, **options: Any) -> Any:
    """Return the body of an object, a stream of bytes."""
    return client.get_object(Bucket=Settings.read().bucket, Key=s3_key, **options)["Body"]


def _unreadable(s3_key: str, reason: str) -> dg.Failure:
    return dg.Failure(f"s3://{Settings.read().bucket}/{s3_key} cannot be read: {reason}")
