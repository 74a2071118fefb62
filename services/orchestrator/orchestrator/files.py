"""The files in S3 as external assets. The landing tables are loaded from them."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

import dagster as dg

from connections_file import Connection
from orchestrator.reading.objects import Files
from orchestrator.settings import Settings

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

    def files(self) -> Files:
        """Return the bucket's files; sends nothing."""
        from platform_kit import s3

        return Files(s3.kept_client(), Settings.read().bucket)
