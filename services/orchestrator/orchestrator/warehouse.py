"""The warehouse that the checks query: the BigQuery emulator or Google BigQuery."""

import dagster as dg

from orchestrator.settings import Settings

# Time limit for a warehouse that does not answer; the client's default is ten minutes.
UNAVAILABLE_SECONDS = 60


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]  # the parameter is for resources that wrap a value
    """BigQuery through its official client."""

    def count_rows(self, table: str) -> int:
        """Return the number of rows of a table, named `project.dataset.table`.

        Raises google.cloud's NotFound when the table does not exist, Failure when the warehouse does not answer.
        """
        # Imported here: it takes a second, and loading the code location does not need it.
        from google.api_core.exceptions import RetryError
        from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY, DEFAULT_RETRY
        from requests.exceptions import ConnectionError as NoConnection

        from platform_kit import bigquery

        settings = Settings.read()
        emulator = settings.emulator if settings.warehouse == "emulator" else None
        # The name comes from connections.yaml, not from a user of the warehouse; identifiers cannot be parameters.
        query = f"select count(*) from `{table}`"  # noqa: S608
        try:
            [(count,)] = bigquery.client(settings.project, settings.location, emulator=emulator).query_and_wait(
                query,
                retry=DEFAULT_RETRY.with_timeout(UNAVAILABLE_SECONDS),
                job_retry=DEFAULT_JOB_RETRY.with_timeout(UNAVAILABLE_SECONDS),
                api_timeout=UNAVAILABLE_SECONDS,
            )
        except (RetryError, NoConnection) as error:
            raise dg.Failure(
                f"The warehouse did not answer for {UNAVAILABLE_SECONDS} s when the rows of {table} were counted: "
                f"{error}. Is it running? make ps shows it; then run again."
            ) from error
        return int(count)
