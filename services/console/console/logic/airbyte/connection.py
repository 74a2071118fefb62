"""One connection: its streams with their columns, its two ends, its saved state."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from typing import Any

from console.clients.airbyte import Airbyte
from console.clients.calls import ServiceError
from console.logic.airbyte import jobs
from console.logic.airbyte.jobs import Job
from console.logic.airbyte.listing import schedule_words
from console.logic.airbyte.states import State, state_of
from platform_kit.names import identifier
from platform_kit.specification import MASK, SECRET_NAME, Schemas, branches, child, is_secret

type Json = dict[str, Any]
type Known = dict[str, Schemas]
"""The specifications of connectors, by the ids of their definitions."""

SHOWN_JOBS = 30
MOST_JOBS = 100
"""The most that one answer of the public API has."""
NO_PROGRESS: dict[str, Any] = {"rows": None, "bytes": None, "seconds": None, "billed": None}


@dataclass(frozen=True)
class Column:
    """A column of a stream."""

    name: str
    type: str
    in_key: bool = False
    is_cursor: bool = False
    loaded: bool = True


@dataclass(frozen=True)
class Stream:
    """A stream of a connection."""

    name: str
    namespace: str
    sync_mode: str
    """In the words of connections.yaml, full_refresh_overwrite and so on."""
    primary_key: list[list[str]]
    cursor: list[str]
    columns: list[Column]
    is_incremental: bool = False
    """Whether the source can read only what is new."""


@dataclass(frozen=True)
class End:
    """The source or the destination of a connection, with masked secrets."""

    kind: str
    id: str
    name: str
    connector: str
    configuration: Json


@dataclass(frozen=True)
class Detail:
    """A connection with everything that its page shows at once."""

    id: str
    name: str
    status: str
    state: State
    schedule: str
    prefix: str
    reason: str
    """Why Airbyte has paused it, or what has changed in the source; mostly empty."""
    streams: list[Stream]
    source: End
    destination: End
    jobs: list[Job]

    @property
    def active_job(self) -> Job | None:
        """The job that has not ended."""
        return next((job for job in self.jobs if job.is_active), None)

    def steady(self) -> Detail:
        """Return the connection without the running job's progress, so that progress does not redraw the page."""
        return replace(self, jobs=[replace(job, **NO_PROGRESS) if job.is_active else job for job in self.jobs])

    def table(self, stream: Stream) -> str:
        """Return the table of a stream, `project.dataset.table`, if the destination is a BigQuery dataset."""
        project, dataset = (str(self.destination.configuration.get(key, "")) for key in ("project_id", "dataset_id"))
        if not project or not dataset:
            return ""
        return f"{project}.{dataset.rpartition(':')[2]}.{identifier(self.prefix + stream.name)}"


async def detail(
    airbyte: Airbyte, connection_id: str, shown_jobs: int = SHOWN_JOBS, known: Known | None = None
) -> Detail:
    """Return one connection. Raises ServiceError, also if it does not exist.

    `known` keeps the connectors' specifications between two calls.
    """
    known = {} if known is None else known
    found, newest = await asyncio.gather(
        airbyte.post("/connections/get", {"connectionId": connection_id}),
        jobs.latest(airbyte, connection_id, shown_jobs),
    )
    source, destination = await asyncio.gather(
        _end(airbyte, "source", found["sourceId"], known), _end(airbyte, "destination", found["destinationId"], known)
    )
    breaking = bool(found.get("breakingChange"))
    return Detail(
        id=connection_id,
        name=str(found.get("name", connection_id)),
        status=str(found.get("status", "active")),
        state=state_of(found.get("status", "active"), newest[0] if newest else None, breaking=breaking),
        schedule=_schedule(found),
        prefix=str(found.get("prefix") or ""),
        reason=str(found.get("statusReason") or ("The source has a breaking change." if breaking else "")),
        streams=streams_of(found.get("syncCatalog") or {}),
        source=source,
        destination=destination,
        jobs=newest,
    )


def _schedule(found: Json) -> str:
    data = found.get("scheduleData") or {}
    cron = (data.get("cron") or {}).get("cronExpression")
    basic = data.get("basicSchedule") or {}
    every = f"every {basic.get('units')} {basic.get('timeUnit')}" if basic else ""
    return schedule_words({"scheduleType": found.get("scheduleType", "manual"), "cronExpression": cron or every})


async def _end(airbyte: Airbyte, kind: str, identity: str, known: Known) -> End:
    found = await airbyte.get(f"/{kind}s/{identity}")
    shown = {key: value for key, value in (found.get("configuration") or {}).items() if key != f"{kind}Type"}
    name = str(found.get("name", ""))
    configuration = await _masked(airbyte, kind, found, shown, known)
    return End(kind, identity, name, f"{kind}-{found.get(f'{kind}Type', '')}", configuration)


async def _masked(airbyte: Airbyte, kind: str, found: Json, configuration: Json, known: Known) -> Json:
    """Return the configuration, masked once more by the connector's specification: Airbyte has masked it already.

    Without the specification, every field whose name is a secret's is masked.
    """
    definition = str(found.get("definitionId") or "")
    if definition and definition not in known:
        body = {f"{kind}DefinitionId": definition, "workspaceId": found.get("workspaceId")}
        with contextlib.suppress(ServiceError, KeyError):
            answer = await airbyte.post(f"/{kind}_definition_specifications/get", body)
            known[definition] = branches(answer["connectionSpecification"])
    hidden: Json = masked(known.get(definition, []), configuration)
    return hidden


def masked(schemas: Schemas, value: Any, name: str = "") -> Any:
    """Return a copy of a configuration without its secrets.

    A field that the specification does not describe is a secret if its name is one's.
    """
    if is_secret(schemas) or (not schemas and SECRET_NAME.search(name) and not isinstance(value, dict | list | bool)):
        return MASK
    if isinstance(value, dict):
        return {key: masked(child(schemas, key), item, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(child(schemas, index), item, name) for index, item in enumerate(value)]
    return value


def streams_of(catalog: Json) -> list[Stream]:
    """Return the selected streams of a catalog of the configuration API."""
    return [
        _stream(item.get("stream") or {}, item.get("config") or {})
        for item in catalog.get("streams") or []
        if (item.get("config") or {}).get("selected", True)
    ]


def _stream(stream: Json, config: Json) -> Stream:
    key = config.get("primaryKey") or stream.get("sourceDefinedPrimaryKey") or []
    cursor = config.get("cursorField") or stream.get("defaultCursorField") or []
    chosen = {tuple(one.get("fieldPath") or []) for one in config.get("selectedFields") or []}
    properties = (stream.get("jsonSchema") or {}).get("properties") or {}
    return Stream(
        name=str(stream.get("name", "")),
        namespace=str(stream.get("namespace") or ""),
        sync_mode=sync_mode(str(config.get("syncMode", "")), str(config.get("destinationSyncMode", ""))),
        primary_key=[[str(part) for part in path] for path in key],
        cursor=[str(part) for part in cursor],
        is_incremental="incremental" in (stream.get("supportedSyncModes") or []),
        columns=[
            Column(
                name,
                type_words(schema),
                in_key=[name] in key,
                is_cursor=[*cursor] == [name],
                loaded=not config.get("fieldSelectionEnabled") or (name,) in chosen,
            )
            for name, schema in properties.items()
        ],
    )


def sync_mode(source: str, destination: str) -> str:
    """Return the sync mode in the words of connections.yaml."""
    suffix = {"append_dedup": "deduped_history", "overwrite_dedup": "overwrite_deduped"}.get(destination, destination)
    return f"{source}_{suffix}" if suffix else source


def type_words(schema: Any) -> str:
    """Return the type of a column: `integer`, `string (date)`, `array of string`."""
    if not isinstance(schema, dict):
        return "any"
    alternatives = schema.get("oneOf") or schema.get("anyOf")
    if alternatives:
        return " or ".join(dict.fromkeys(type_words(one) for one in alternatives if one != {"type": "null"}))
    given = schema.get("type")
    kinds = [kind for kind in (given if isinstance(given, list) else [given]) if kind and kind != "null"]
    words = " or ".join(map(str, kinds)) or "any"
    if kinds == ["array"] and isinstance(schema.get("items"), dict):
        return f"array of {type_words(schema['items'])}"
    more = schema.get("airbyte_type") or schema.get("format")
    return f"{words} ({more})" if more else words


async def saved_state(airbyte: Airbyte, connection_id: str) -> Json:
    """Return the saved state of a connection: by stream, or as a whole."""
    return await airbyte.post("/state/get", {"connectionId": connection_id})
