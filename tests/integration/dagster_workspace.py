"""Dagster's resource of an Airbyte workspace, as a client of airbyte-lite."""

from dagster_airbyte import AirbyteWorkspace


def dagster_workspace(url: str, workspace: str, **options: object) -> AirbyteWorkspace:
    """The resource with nothing of ours in it; it retries nothing."""
    return AirbyteWorkspace(
        rest_api_base_url=f"{url}/api/public/v1",
        configuration_api_base_url=f"{url}/api/v1",
        workspace_id=workspace,
        poll_interval=0.2,
        request_max_retries=0,
        **options,  # type: ignore[arg-type]
    )
