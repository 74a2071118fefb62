"""A backup of the running platform, restored into an empty one: equal tables, and the next sync goes on."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import httpx
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google_bigquery

from tools.backup import processes
from tools.backup.content import verify
from tools.local.free_ports import free_ports
from tools.local.platform import Platform
from tools.local.processes import Supervisor
from tools.settings_table import PORTS

from .running import RunningPlatform
from .syncs import Syncs, s3_configuration

Put = Callable[[str, str | bytes], None]
PEOPLE = "id,name,amount\n1,Ada,10\n2,Grace,20\n"


def figures(client: google_bigquery.Client, dataset: str) -> dict[str, tuple[int, int]]:
    """Return for each table of a dataset the number of rows and a checksum of all values."""
    found = {}
    for table in client.list_tables(dataset):
        query = f"select count(*), bit_xor(farm_fingerprint(to_json_string(t))) from {dataset}.{table.table_id} t"
        [row] = client.query_and_wait(query)
        found[table.table_id] = tuple(row.values())
    return found


def test_a_restored_platform_has_equal_tables_and_goes_on(
    platform: RunningPlatform,
    syncs: Syncs,
    bigquery: google_bigquery.Client,
    bucket: str,
    put: Put,
    dataset: str,
    tmp_path: Path,
    start_process: Supervisor,
) -> None:
    put("people1.csv", PEOPLE)
    source = s3_configuration(platform.s3_url, bucket, "people", ["people*.csv"])
    connection = syncs.connect(source, dataset, "incremental_append")
    assert syncs.sync(connection)["rowsSynced"] == 2
    before = figures(bigquery, dataset)
    settings = platform.environment
    running = {"AIRBYTE_URL": platform.airbyte_url, "DAGSTER_URL": ""}

    folder = processes.backup(platform.settings.directory, tmp_path / "backups", settings, "a secret", running)

    put("people2.csv", PEOPLE.replace("1,Ada", "3,Edsger"))
    assert syncs.sync(connection)["rowsSynced"] == 2  # the platform goes on
    assert b"airbyte.sqlite" not in (folder / "data.tar.age").read_bytes()
    restored = Platform(tmp_path / "restored", free_ports(PORTS))
    assert processes.restore(folder, verify(folder), restored.directory, settings, "a secret") is None

    restored.prepare()
    for service in (restored.warehouse(), restored.airbyte()):
        start_process.start(service)
    start_process.wait()
    options = {"api_endpoint": restored.url("warehouse")}
    client = google_bigquery.Client("local-dev", AnonymousCredentials(), location="US", client_options=options)
    assert figures(client, dataset) == before
    with httpx.Client(base_url=restored.url("airbyte"), timeout=60) as http:
        # Its source still names the S3 of the first platform, so that a third service need not be started.
        assert Syncs(http, client).sync(connection)["rowsSynced"] == 2
    [row] = client.query_and_wait(f"select count(*), count(distinct id) from {dataset}.people")
    assert tuple(row.values()) == (4, 3)

    objects = restored.directory / "s3/objects"
    catalogue = sqlite3.connect(objects / "catalogue.sqlite")
    files = dict(catalogue.execute("select key, file from object where bucket = ?", [bucket]))
    catalogue.close()
    assert {key: (objects / "contents" / file).read_text() for key, file in files.items()} == {"people1.csv": PEOPLE}
