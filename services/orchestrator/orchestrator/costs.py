"""Adds what BigQuery billed for each dbt node to the metadata of its materialization or check."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orchestrator.dbt_integration import DbtCliInvocation

# In bytes, under dbt-bigquery's names. The emulator bills nothing; BigQuery bills at least 10 MiB for each table read.
FIGURES = ("bytes_billed", "bytes_processed")
# dbt reports the adapter's response in NodeFinished only, which is a debug event.
OPTIONS = ("--log-level", "debug")
RESULTS = {
    "LogModelResult",
    "LogSeedResult",
    "LogSnapshotResult",
    "LogTestResult",
}  # dagster-dbt makes its events from these

type RawEvent = dict[str, Any]


def with_costs(invocation: DbtCliInvocation) -> Iterator[tuple[str, Any]]:
    """Yield the events of `invocation.stream()`, each after the unique id of its dbt node.

    The metadata of each event has the bytes that BigQuery billed and processed.

    The invocation must have been started with OPTIONS.
    """
    invocation._stdout = joined(invocation._stream_stdout())  # type: ignore[assignment]  # it is iterated only
    for event in invocation.stream_raw_events():
        costs = figures(event.raw_event["data"].get("adapter_response") or {})
        for item in event.to_default_asset_events(
            manifest=invocation.manifest,
            dagster_dbt_translator=invocation.dagster_dbt_translator,
            context=invocation.context,
            target_path=invocation.target_path,
            project=invocation.project,
        ):
            yield event.raw_event["data"]["node_info"]["unique_id"], item.with_metadata({**item.metadata, **costs})


def joined(events: Iterable[RawEvent | str]) -> Iterator[RawEvent | str]:
    """Yield the events but the debug ones. Each result gets the adapter's response from the NodeFinished after it."""
    results: dict[str, RawEvent] = {}
    for event in events:
        if isinstance(event, str):
            yield event
            continue
        name, data = event["info"]["name"], event["data"]
        node = data.get("node_info", {}).get("unique_id", "")
        if name in RESULTS:
            results[node] = event
        elif name == "NodeFinished" and node in results:
            result = results.pop(node)
            result["data"]["adapter_response"] = data["run_result"]["adapter_response"]
            yield result
        elif event["info"]["level"] != "debug":
            yield event
    yield from results.values()  # dbt was killed between the two events


def figures(response: Mapping[str, Any]) -> dict[str, int]:
    """Return the figures in an adapter's response (dbt-bigquery's BigQueryAdapterResponse)."""
    return {name: int(response[name]) for name in FIGURES if response.get(name) is not None}
