"""The warehouse that the checks query: the BigQuery emulator or Google BigQuery."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import dagster as dg

from orchestrator.hidden import import_bigquery
from orchestrator.settings import Settings

# Time limit for a warehouse that does not answer; the client's default is ten minutes.
UNAVAILABLE_SECONDS = 60


@lru_cache(maxsize=4)
def _client(project: str, location: str, emulator: str | None) -> Any:
    """Return a client. It is kept: a new one opens a connection and, for Google, looks for its credentials again."""
    from platform_kit import bigquery

    return bigquery.client(project, location, emulator=emulator)


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]  # the parameter is for resources that wrap a value
    """BigQuery through its official client."""

    def count_rows(self, table: str) -> int:
        """Return the number of rows of a table, named `project.dataset.table`.

        Raises google.cloud's NotFound when the table does not exist, Failure when the warehouse does not answer.
        """
        [row] = self.query(f"select count(*) as row_count from `{table}`")  # noqa: S608 - see query
        return int(row["row_count"])

    def stored_rows(self, table: str) -> int:
        """Return the number of rows that BigQuery notes for a table, without a query. Raises as count_rows does."""
        return int(self.described(table).num_rows or 0)

    def columns(self, table: str) -> dict[str, tuple[str, str]]:
        """Return the columns of a table: name in lower case → name and type. Raises as count_rows does."""
        return {field.name.lower(): (field.name, field.field_type) for field in self.described(table).schema}

    def described(self, table: str) -> Any:
        """Return a table as BigQuery's client describes it, without a query. Raises as count_rows does."""
        return self._ask(lambda client, limits: client.get_table(table, **limits), f"the columns of {table}")

    def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:
        """Return the rows of a query. BigQuery refuses it if it would bill more than `most_bytes` or the user's limit.

        Names in the query come from connections.yaml and from the table, not from a user of the warehouse; identifiers
        cannot be parameters. Raises as count_rows does.
        """
        import_bigquery()
        from google.cloud.bigquery import QueryJobConfig
        from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY

        job_retry = DEFAULT_JOB_RETRY.with_timeout(UNAVAILABLE_SECONDS)
        least = min(filter(None, (most_bytes, Settings.read().maximum_bytes_billed)), default=None)
        options = QueryJobConfig(maximum_bytes_billed=least) if least else None

        def ask(client: Any, limits: dict[str, Any]) -> list[dict[str, Any]]:
            answer = client.query_and_wait(
                query, job_config=options, retry=limits["retry"], job_retry=job_retry, api_timeout=limits["timeout"]
            )
            return [dict(row) for row in answer]

        return self._ask(ask, f"the rows of a query: {query[:200]}")

    def _ask[T](self, call: Callable[[Any, dict[str, Any]], T], what: str) -> T:
        # Imported here: it takes half a second, and loading the code location does not need it.
        import_bigquery()
        from google.api_core.exceptions import RetryError
        from google.cloud.bigquery.retry import DEFAULT_RETRY
        from requests.exceptions import ConnectionError as NoConnection

        settings = Settings.read()
        emulator = settings.emulator if settings.warehouse == "emulator" else None
        limits = {"retry": DEFAULT_RETRY.with_timeout(UNAVAILABLE_SECONDS), "timeout": UNAVAILABLE_SECONDS}
        try:
            return call(_client(settings.project, settings.location, emulator), limits)
        except (RetryError, NoConnection) as error:
            raise dg.Failure(
                f"The warehouse did not answer for {UNAVAILABLE_SECONDS} s when it was asked for {what}: "
                f"{error}. Is it running? make ps shows it; then run again."
            ) from error
