"""The warehouse, asked by the checks: the BigQuery emulator or Google BigQuery."""

import re
import unicodedata

import dagster as dg

from orchestrator import settings


def table_name(stream: str, prefix: str = "") -> str:
    """Return the landing table of a stream, named as Airbyte's BigQuery destination does ("Naming Conventions")."""
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", prefix + stream) if not unicodedata.category(c).startswith("M")
    )
    plain = re.sub(r"[^A-Za-z0-9_]", "_", re.sub(r"\s+", "_", plain))
    return plain if re.match(r"[A-Za-z_]", plain) else f"_{plain}"


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]  # the parameter is for resources that wrap a value
    """BigQuery through its official client."""

    def count_rows(self, table: str) -> int:
        """Return the number of rows of a landing table; raises google.cloud's NotFound when there is none."""
        # Imported here: loading the code location must not pay the second that it takes.
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery

        project = settings.text("BQ_PROJECT", "local-dev")
        location = settings.text("BQ_LOCATION", "US")
        if settings.text("WAREHOUSE", "emulator") == "emulator":
            host = settings.text("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9050")
            credentials = AnonymousCredentials()
            client = bigquery.Client(project, credentials, location=location, client_options={"api_endpoint": host})
        else:
            client = bigquery.Client(project, location=location)
        # The name comes from connections.yaml, not from a user of the warehouse; identifiers cannot be parameters.
        query = f"select count(*) from `{settings.landing_dataset()}.{table}`"  # noqa: S608
        [(count,)] = client.query_and_wait(query)
        return int(count)
