"""The row count of a table to which each sync appends: of each file, the rows of its newest version count."""

from collections.abc import Callable
from typing import Literal

import dagster as dg
import pytest

from connections_file import Source, Stream
from orchestrator.checks.run import TableChecks
from orchestrator.files import Bucket
from orchestrator.reading.formats import stream_files
from orchestrator.warehouse import Warehouse

from .running import RunningPlatform
from .syncs import Syncs, s3_configuration

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")

Mode = Literal["incremental_append", "full_refresh_append"]


@pytest.mark.parametrize("mode", ["incremental_append", "full_refresh_append"])
def test_a_file_with_fewer_rows_is_told_among_the_rows_of_older_versions(
    mode: Mode,
    syncs: Syncs,
    platform: RunningPlatform,
    bucket: str,
    put: Callable[[str, str], None],
    dataset: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable, value in (platform.environment | {"S3_BUCKET": bucket}).items():
        monkeypatch.setenv(variable, value)
    put("1.csv", "id,name\n1,Ada\n2,Grace\n")
    put("2.csv", "id,name\n3,Joan\n")
    put("3.csv", "id,name\n")
    configuration = s3_configuration(platform.s3_url, bucket, "people", ["*.csv"])
    stream = Stream(name="people", sync_mode=mode, dbt_source="x.people")
    source = Source(name="s3", connector="source-s3", configuration=configuration)
    checks = TableChecks(stream, f"local-dev.{dataset}.people", stream_files(stream, source))
    connection = syncs.connect(configuration, dataset, mode)
    warehouse, files = Warehouse(), Bucket()
    with dg.DagsterInstance.ephemeral() as instance:

        def told() -> str:
            table = checks.read(warehouse)
            [found] = checks.results(table, {"row_count_matches_file"}, warehouse, files, instance)
            return "" if found.passed else found.description or ""

        def sync() -> None:
            present = checks.present(files)
            syncs.sync(connection)
            checks.note_synced(instance, present)

        sync()
        assert told() == ""
        # As if another installation of Airbyte, which had run many syncs, had written these rows.
        older = 'json \'{"sync_id": 1000000, "changes": []}\''
        syncs.rows(f"update {dataset}.people set _airbyte_meta = {older} where true")
        put("1.csv", "id,name\n1,Ada\n2,Grace\n4,Mary\n")
        sync()
        assert told() == ""
        newest = "select max(_ab_source_file_last_modified) from people where _ab_source_file_url = '1.csv'"
        rows = f"_ab_source_file_last_modified = ({newest})".replace("from people", f"from {dataset}.people")
        if mode == "full_refresh_append":
            rows = "json_value(_airbyte_meta, '$.sync_id') = '2'"
            newest = "max_by(json_value(_airbyte_meta, '$.sync_id'), _airbyte_extracted_at)"
            number = syncs.rows(f"select {newest} from {dataset}.people")[0][0]
            rows = rows.replace("'2'", f"'{number}'")
        syncs.rows(f"delete from {dataset}.people where cast(id as string) = '4' and {rows}")
        assert syncs.rows(f"select count(*) from {dataset}.people")[0][0] > 4
        which = "the newest sync" if mode == "full_refresh_append" else "its newest version"
        assert f"1.csv: 2 rows of {which} in the table, 3 records" in told()
        put("2.csv", "id,name\n5,Emmy\n6,Lise\n")  # after the sync
        assert "2.csv: 1 rows" in told()
        sync()
        assert "2.csv" not in told()
        put("4.CSV", "id,name\n7,Rosa\n")
        put(".5.csv", "id,name\n8,Ida\n")
        assert "Not loaded: 4.CSV ('*.csv' does not match it, because upper and lower case are different)" in told()
        assert ".5.csv" not in told()
