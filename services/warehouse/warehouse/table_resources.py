"""Bridges for tables in the REST API."""

from typing import Any

from fastapi import APIRouter
from local_bigquery.api import tables as api_tables
from local_bigquery.catalog import ddl, iam, metadata, tabledata, tables
from local_bigquery.engine import database
from local_bigquery.engine.results import Page
from local_bigquery.errors import BigQueryError
from local_bigquery.models import Dataset

NOT_TABLES = ("FUNCTION", "PROCEDURE", "MODEL", "INDEX")
router = APIRouter()


def functions_are_no_tables() -> None:
    """Keep CREATE and DROP FUNCTION out of the catalog of tables.

    local-bigquery lists a function as a table, and forgets the description of a table when a function of its name is
    dropped.
    """
    upstream = ddl.apply

    def apply(tree: Any, *args: Any) -> None:
        if (tree.args.get("kind") or "").upper() not in NOT_TABLES:
            upstream(tree, *args)

    ddl.apply = apply


def tables_without_columns() -> None:
    """Return no rows for a table without columns: local-bigquery reports that the table is missing."""
    upstream = tabledata.list_rows

    def list_rows(project_id: str, dataset_id: str, table_id: str, *args: Any) -> Any:
        found = tables._lookup(project_id, dataset_id, table_id) if dataset_id != tables.RESULTS else None
        if found and found[0] == "EMPTY":
            return Page([], 0, None), []
        return upstream(project_id, dataset_id, table_id, *args)

    tabledata.list_rows = list_rows
    api_tables.tabledata.list_rows = list_rows


def removed_policy_tags() -> None:
    """Leave out the policy tags of a column when an update removes them; local-bigquery returns an empty list."""
    upstream = tables.record

    def record(project_id: str, dataset_id: str, table_id: str, resource: Any) -> None:
        fields = tables.fields(resource)
        if any(field.policyTags and not field.policyTags.names for field in fields):
            kept = [
                field.without("policyTags") if field.policyTags and not field.policyTags.names else field
                for field in fields
            ]
            resource = resource.replace(schema=resource.schema_.replace(fields=[field.dump() for field in kept]))
        upstream(project_id, dataset_id, table_id, resource)

    tables.record = record


def case_insensitive_datasets() -> None:
    """Find a table by its name in another case when its dataset is case-insensitive; local-bigquery does not."""
    upstream = tables.load

    def load(project_id: str, dataset_id: str, table_id: str) -> Any:
        try:
            return upstream(project_id, dataset_id, table_id)
        except BigQueryError as error:
            other = _in_another_case(project_id, dataset_id, table_id) if error.reason == "notFound" else None
            if other is None:
                raise
        return upstream(project_id, dataset_id, other)

    tables.load = load


def _in_another_case(project_id: str, dataset_id: str, table_id: str) -> str | None:
    dataset = metadata.load(Dataset, project_id, dataset_id)
    if not (dataset and dataset.isCaseInsensitive):
        return None
    names = [name for name, *_ in database.objects(project_id, dataset_id) if name.casefold() == table_id.casefold()]
    return next((name for name in names if name != table_id), None)


@router.post("/bigquery/v2/{resource:path}:testIamPermissions", include_in_schema=False)
def test_permissions(resource: str, body: dict[str, Any]) -> dict[str, list[str]]:
    """Return every permission that is asked for, also those in a list inside the list, as Google accepts them."""
    iam.get(resource)
    asked = body.get("permissions") or []
    return {"permissions": [name for item in asked for name in (item if isinstance(item, list) else [item])]}
