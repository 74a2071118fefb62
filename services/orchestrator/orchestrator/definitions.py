"""The definitions that Dagster loads: files in S3 → landing tables → staging views → fct_orders → dim_customers."""

import json

import dagster as dg

import connections_file
from orchestrator.airbyte import Airbyte
from orchestrator.alerts.drift import airbyte_drift
from orchestrator.alerts.sensor import alerts
from orchestrator.arrivals.sensor import changed_files
from orchestrator.arrivals.watched import watched
from orchestrator.contradictions import refuse_other_tables, refuse_taken_keys
from orchestrator.dbt import TRANSLATOR, dbt_cli, dbt_models
from orchestrator.documentation.job import docs_job, docs_sensor
from orchestrator.files import Bucket, file_assets
from orchestrator.freshness import Freshness
from orchestrator.jobs import jobs
from orchestrator.landing import landing_assets
from orchestrator.manifest import dbt_project, prepare
from orchestrator.profiles.accept import accept_profile
from orchestrator.profiles.step import profile_checks
from orchestrator.profiles.tables import counted_views, profiled_tables
from orchestrator.settings import Settings
from orchestrator.warehouse import Warehouse

settings = Settings.read()
declared = connections_file.load(settings.connections_file)
sources = {source.name: source for source in declared.sources}
destinations = {destination.name: destination for destination in declared.destinations}
streams = [stream for connection in declared.connections for stream in connection.streams]
marked = [stream.dbt_source for stream in streams if stream.deletions == "mark"]
project = dbt_project(settings.dbt_project)
manifest = json.loads(prepare(project).read_text())
limits = Freshness(manifest).sources

models = dbt_models(project, marked)
refuse_taken_keys(declared.connections, models.keys)
refuse_other_tables(declared.connections, destinations, manifest)
profiled = profiled_tables(declared.connections, destinations, manifest, TRANSLATOR)
read = [glob for stream in watched(declared.connections, sources) for glob in stream.globs]
profiles = settings.profiles and len(profiled) > 0
flows = jobs(declared.connections, models)
documentation = docs_job(project)

defs = dg.Definitions(
    assets=[
        *file_assets(declared.connections),
        *(
            landing_assets(connection, sources[connection.source], destinations[connection.destination], limits, read)
            for connection in declared.connections
        ),
        models,
    ],
    asset_checks=[profile_checks(profiled, counted_views(manifest, TRANSLATOR))] if profiles else [],
    jobs=[*flows.values(), documentation, *([accept_profile] if profiles else [])],
    sensors=[
        changed_files(watched(declared.connections, sources), settings),
        airbyte_drift(settings),
        alerts(settings),
        docs_sensor(documentation, manifest, settings),
    ],
    # Stopped until somebody starts it in the UI, as is Dagster's default.
    schedules=[dg.ScheduleDefinition(name="daily", job=flows["all_assets"], cron_schedule="0 6 * * *")],
    resources={
        "airbyte": Airbyte(workspace_id=str(declared.workspace.id)),
        "bucket": Bucket(),
        "warehouse": Warehouse(),
        "dbt": dbt_cli(project),
    },
    # With a process per step, each step would take 2 s for its imports; all of dbt is one step anyway.
    executor=dg.in_process_executor,
)
