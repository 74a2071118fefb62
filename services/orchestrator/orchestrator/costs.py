"""What BigQuery billed for each dbt node, as metadata of its materialization or check."""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster_dbt import DbtCliInvocation

# Bytes, under the adapter's names. The emulator bills none; BigQuery at least 10 MiB for each table that is read.
FIGURES = ("bytes_billed", "bytes_processed")


def with_costs(invocation: DbtCliInvocation) -> Iterator[Any]:
    """Yield what `invocation.stream()` yields, each event with the bytes that BigQuery billed and processed.

    dagster-dbt makes its events of the line that dbt logs for a result; the adapter's response comes in the next event
    of the same node, NodeFinished.
    """
    waiting: dict[str, list[Any]] = {}
    for event in invocation.stream_raw_events():
        data = event.raw_event["data"]
        node = data.get("node_info", {}).get("unique_id", "")
        events = event.to_default_asset_events(
            manifest=invocation.manifest,
            dagster_dbt_translator=invocation.dagster_dbt_translator,
            context=invocation.context,
            target_path=invocation.target_path,
            project=invocation.project,
        )
        waiting.setdefault(node, []).extend(events)
        if event.raw_event["info"]["name"] == "NodeFinished":
            costs = figures(data.get("run_result", {}).get("adapter_response") or {})
            for item in waiting.pop(node, []):
                yield item.with_metadata({**item.metadata, **costs})


def figures(response: Mapping[str, Any]) -> dict[str, int]:
    """Return the costs in an adapter's response (dbt-bigquery's BigQueryAdapterResponse), as far as it has them."""
    return {name: int(response[name]) for name in FIGURES if response.get(name) is not None}
