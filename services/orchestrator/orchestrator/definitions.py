"""The definitions that Dagster loads: files in S3 → landing tables → staging views → fct_orders → dim_customers."""

import dagster as dg

import connections_file
from orchestrator.airbyte import Airbyte
from orchestrator.arrivals.sensor import changed_files
from orchestrator.arrivals.watched import watched
from orchestrator.dbt import dbt_cli, dbt_models
from orchestrator.dbt_integration import DbtProject
from orchestrator.files import Bucket, file_assets
from orchestrator.landing import landing_assets
from orchestrator.settings import Settings
from orchestrator.warehouse import Warehouse

settings = Settings.read()
declared = connections_file.load(settings.connections_file)
sources = {source.name: source for source in declared.sources}
destinations = {destination.name: destination for destination in declared.destinations}
streams = [stream for connection in declared.connections for stream in connection.streams]
marked = [stream.dbt_source for stream in streams if stream.deletions == "mark"]
dbt_project = DbtProject(settings.dbt_project)

all_assets = dg.define_asset_job(
    "all_assets", dg.AssetSelection.all(), description="Load every file, build and check every model."
)

changed_files_job = dg.define_asset_job(
    "changed_files",
    dg.AssetSelection.all(),
    description="Parts of it are run by the sensor of the same name: the landing tables whose files have changed, and "
    "all assets that depend on them.",
)

defs = dg.Definitions(
    assets=[
        *file_assets(declared.connections),
        *(
            landing_assets(connection, sources[connection.source], destinations[connection.destination])
            for connection in declared.connections
        ),
        dbt_models(dbt_project, marked),
    ],
    jobs=[all_assets, changed_files_job],
    sensors=[changed_files(watched(declared.connections, sources), settings)],
    # Stopped until somebody starts it in the UI, as is Dagster's default.
    schedules=[dg.ScheduleDefinition(name="daily", job=all_assets, cron_schedule="0 6 * * *")],
    resources={
        "airbyte": Airbyte(workspace_id=str(declared.workspace.id)),
        "bucket": Bucket(),
        "warehouse": Warehouse(),
        "dbt": dbt_cli(dbt_project),
    },
    # With a process per step, each step would take 2 s for its imports; all of dbt is one step anyway.
    executor=dg.in_process_executor,
)
