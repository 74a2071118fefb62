"""The CSV files in S3: assets that Dagster does not make, from which the landing tables are loaded."""

import csv
import sys
from collections.abc import Iterable
from contextlib import closing

import dagster as dg

from connections_file import Connection
from orchestrator import settings

GROUP = "s3"
CHUNK_BYTES = 64 * 1024


def asset_key(s3_key: str) -> dg.AssetKey:
    """Return the asset key of a file: `jaffle_shop/orders.csv` of the bucket is `s3/jaffle_shop/orders.csv`."""
    return dg.AssetKey(["s3", *s3_key.split("/")])


def file_assets(connections: Iterable[Connection]) -> list[dg.AssetSpec]:
    """Return one external asset for each file that some connection loads."""
    keys = {key for connection in connections for stream in connection.streams for key in stream.files}
    return [
        dg.AssetSpec(
            asset_key(key),
            group_name=GROUP,
            kinds={"s3", "csv"},
            description=f"The file `{key}`, put there by somebody else: Airbyte reads it, Dagster does not make it.",
            metadata={"dagster/uri": f"s3://{settings.bucket()}/{key}"},
        )
        for key in sorted(keys)
    ]


class Bucket(dg.ConfigurableResource):  # type: ignore[type-arg]  # the parameter is for resources that wrap a value
    """The bucket; address and credentials come from AWS's own variables."""

    def count_records(self, s3_key: str) -> int:
        """Return the number of records of a CSV file, without its header; raises Failure when the file is not there.

        Records, not lines: a quoted value may hold line ends. The file is streamed, never held in memory.
        """
        # Imported here: loading the code location must not pay for boto3.
        from botocore.exceptions import ClientError

        from platform_kit import s3

        try:
            body = s3.client().get_object(Bucket=settings.bucket(), Key=s3_key)["Body"]
        except ClientError as error:
            raise dg.Failure(
                f"s3://{settings.bucket()}/{s3_key} cannot be read: {error}. Upload the file, then run again."
            ) from error
        with closing(body):
            return count_records(body.iter_lines(chunk_size=CHUNK_BYTES, keepends=True))


def count_records(lines: Iterable[bytes]) -> int:
    """Return the number of records in the lines of a CSV file, without its header and without blank lines."""
    csv.field_size_limit(sys.maxsize)  # the module's own limit is 128 KiB a value
    records = csv.reader(line.decode("utf-8", errors="replace") for line in lines)
    return max(sum(1 for record in records if record) - 1, 0)
