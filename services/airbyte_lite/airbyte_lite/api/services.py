"""Opens and closes the parts of the server."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from airbyte_lite.api.auth import Authenticator
from airbyte_lite.api.commands import Commands
from airbyte_lite.connectors.definitions import ActorKind, Definitions
from airbyte_lite.connectors.masking import secret_values
from airbyte_lite.connectors.registry import load_registry
from airbyte_lite.connectors.runner import ConnectorRunner, Limits, Silence
from airbyte_lite.jobs.pruner import Pruner
from airbyte_lite.jobs.queue import Jobs
from airbyte_lite.jobs.scheduler import Scheduler
from airbyte_lite.settings import Settings
from airbyte_lite.state.database import Database
from airbyte_lite.state.documents import Broken, Record, kind_of
from airbyte_lite.state.jobstore import JobStore
from airbyte_lite.state.records import Actor
from airbyte_lite.state.retention import Retention
from airbyte_lite.state.store import Store
from airbyte_lite.sync.worker import Worker
from platform_kit.redaction import Redactor


@dataclass(frozen=True)
class Services:
    """The parts of the server that the endpoints use."""

    settings: Settings
    database: Database
    store: Store
    job_store: JobStore
    jobs: Jobs
    definitions: Definitions
    runner: ConnectorRunner
    commands: Commands
    authenticator: Authenticator
    scheduler: Scheduler
    pruner: Pruner

    @classmethod
    def open(cls, settings: Settings) -> Services:
        """Open the data directory and create every part. Raises DataDirUnusable.

        Jobs that were running when an earlier server was killed are marked as failed.
        """
        database = Database(settings.data_dir)
        store = Store(database)
        job_store = JobStore(database)
        job_store.fail_interrupted()
        spool_dir = settings.data_dir / "spool"
        shutil.rmtree(spool_dir, ignore_errors=True)
        spool_dir.mkdir(mode=0o700)
        silence = Silence(settings.command_silence, settings.sync_silence)
        limits = Limits(settings.sync_hours * 3600, settings.connector_memory << 20)
        runner = ConnectorRunner(settings.data_dir / "connectors", silence, limits)
        registry = load_registry(settings.connector_environments, settings.connectors / "connectors.toml")
        runner.remove_left_containers()
        definitions = Definitions(registry, runner)
        worker = Worker(store, definitions, runner, settings, spool_dir)
        jobs = Jobs(job_store, worker.run)
        scheduler = Scheduler(store.scheduled_connections, lambda connection: jobs.start(connection, "sync"))
        store.follow_connections(scheduler.changed)
        return cls(
            settings=settings,
            database=database,
            store=store,
            job_store=job_store,
            jobs=jobs,
            definitions=definitions,
            runner=runner,
            commands=Commands(runner, settings.commands),
            authenticator=Authenticator(settings, store.key()),
            scheduler=scheduler,
            pruner=Pruner(database, Retention(settings.keep_days, settings.keep_jobs)),
        )

    def delete(self, record: Record | Broken) -> None:
        """Delete a record and the records that depend on it, and cancel the jobs of their connections. Tables stay."""
        # The masks are made before the deletion: a connector may have to be started for its specification.
        masked = {
            actor.id: self.definitions.masked(actor.kind, actor.definition_id, actor.configuration)
            for actor in self._actors_of(record)
        }
        for connection_id in self.store.delete(record, masked):  # delete first, so that no new job can start
            self.jobs.cancel_of(connection_id)

    def _actors_of(self, record: Record | Broken) -> list[Actor]:
        """Return the sources and destinations that are deleted together with a record."""
        if isinstance(record, Actor):
            return [record]
        if kind_of(record)[0] != "workspace":
            return []
        kinds: tuple[ActorKind, ...] = ("source", "destination")
        return [actor for kind in kinds for actor in self.store.actors(kind, [record.id], False, -1, 0)]

    def redact(self, actor: Actor, text: str) -> str:
        """Return a connector's message with the secrets of its configuration masked."""
        schema = self.definitions.schema(self.definitions.get(actor.kind, actor.definition_id))
        return Redactor(secret_values(actor.configuration, schema))(text)

    def close(self) -> None:
        """Stop the schedules, the pruner, the jobs, the connectors and the database."""
        self.scheduler.close()
        self.pruner.close()
        self.jobs.close()
        self.runner.close()
        self.database.close()
