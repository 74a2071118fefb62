"""GRANT, REVOKE and INFORMATION_SCHEMA.OBJECT_PRIVILEGES. Grants are stored and listed, but not enforced."""

import json
import re
import threading
from typing import Any

import sqlglot
from local_bigquery.catalog import datasets, iam, names, tables
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import query
from local_bigquery.models import JobStatistics2, Policy
from local_bigquery.sql import script
from local_bigquery.sql.dialect import BigQueryDialect
from local_bigquery.sql.rules import information_schema

COMMENTS = r"\s*(?:/\*.*?\*/\s*|--[^\n]*\n\s*|\#[^\n]*\n\s*)*"
STATEMENT = re.compile(
    rf"""{COMMENTS}(?P<verb>GRANT|REVOKE)\s+(?P<roles>.+?)\s+
    ON\s+(?P<kind>SCHEMA|DATASET|TABLE|VIEW|MATERIALIZED\s+VIEW|EXTERNAL\s+TABLE)\s+(?P<name>\S.*?)\s+
    (?:TO|FROM)\s+(?P<members>["'].+?["'])\s*;?\s*$""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
VERB = re.compile(COMMENTS + r"(GRANT|REVOKE)\b", re.IGNORECASE | re.DOTALL)
ROLE = re.compile(r"roles/bigquery\.\w+|(projects|organizations)/[^/]+/roles/[\w.]+")
CHANGING = threading.Lock()  # a change reads the grants of a resource and writes them anew


def statements() -> None:
    """Store the grants of GRANT and REVOKE, and list them in OBJECT_PRIVILEGES, which dbt reads for `grants:`."""
    upstream_execute, upstream_sql = query._execute, script.Interpreter.sql

    def execute(cur: Any, project_id: str, job_id: Any, config: Any, dry_run: bool, *rest: Any) -> Any:
        rest[1].system["dry_run"] = dry_run  # the context
        return upstream_execute(cur, project_id, job_id, config, dry_run, *rest)

    def sql(self: Any, statement: Any) -> None:
        verb = VERB.match(statement.text)
        if verb is None:
            upstream_sql(self, statement)
            return
        if not self.context.system.get("dry_run"):
            change(statement.text, self.context.project_id, self.context.dataset_id)
        self.report(JobStatistics2(statementType=verb[1].upper()))

    query._execute, script.Interpreter.sql = execute, sql
    information_schema.VIEWS["OBJECT_PRIVILEGES"] = object_privileges


def change(sql: str, project_id: str, dataset_id: str | None) -> None:
    """Store what a GRANT or REVOKE says. Raises BigQueryError: a form, a role or an object that does not exist."""
    statement = STATEMENT.match(sql)
    if statement is None:
        raise BigQueryError(
            "invalidQuery", 'Syntax error: expected GRANT `role` ON TABLE name TO "user:…" or REVOKE … FROM "user:…"'
        )
    roles = [role.strip(" `\n") for role in statement["roles"].split(",")]
    for role in roles:
        if not ROLE.fullmatch(role):
            raise BigQueryError("invalidQuery", f"Role {role} is not supported for this resource.")
    members = [first or second for first, second in re.findall(r""""([^"]+)"|'([^']+)'""", statement["members"])]
    resource = _resource(statement, project_id, dataset_id)
    changed = {(role, member) for role in roles for member in members}
    with CHANGING:
        bindings = {(binding["role"], member) for binding in _bindings(resource) for member in binding["members"]}
        _store(resource, bindings | changed if statement["verb"].upper() == "GRANT" else bindings - changed)


def _store(resource: str, bindings: set[tuple[str, str]]) -> None:
    policy = {
        "version": 1,
        "bindings": [
            {"role": role, "members": sorted(member for of, member in bindings if of == role)}
            for role in sorted({role for role, _ in bindings})
        ],
    }
    if "/tables/" in resource:
        iam.set_(resource, Policy.model_validate(policy))
    else:  # the API has no policies of datasets
        iam.execute("INSERT OR REPLACE INTO emulator.iam_policies VALUES (?, ?)", [resource, json.dumps(policy)])


def _resource(statement: re.Match[str], project_id: str, dataset_id: str | None) -> str:
    """Return the name of the policy of the dataset or table, which exists."""
    table = sqlglot.exp.to_table(statement["name"], dialect=BigQueryDialect)
    if statement["kind"].upper() in ("SCHEMA", "DATASET"):
        project, dataset = table.db or project_id, table.name
        datasets.get(project, dataset)
        return f"projects/{project}/datasets/{dataset}"
    project, dataset, name = names.reference(table, project_id, dataset_id)
    tables.load(project, dataset, name)
    return f"projects/{project}/datasets/{dataset}/tables/{name}"


def _bindings(resource: str) -> list[dict[str, Any]]:
    policy: dict[str, Any] = iam._load(resource).dump()
    return policy.get("bindings") or []


def object_privileges(project_id: str, dataset_id: str | None) -> tuple[list[str], list[list[Any]]]:  # noqa: ARG001
    """List the grants on datasets, tables and views."""
    header = ["object_catalog", "object_schema", "object_name", "object_type", "privilege_type", "grantee"]
    prefix = f"projects/{project_id}/datasets/"
    policies = database.fetch("SELECT resource FROM emulator.iam_policies WHERE starts_with(resource, ?)", [prefix])
    rows = []
    for (resource,) in policies:
        dataset, *table = resource.removeprefix(prefix).split("/")
        if table and (table[0] != "tables" or len(table) != 2):
            continue
        name = [None, dataset, "SCHEMA"] if not table else [dataset, table[1], _kind(project_id, dataset, table[1])]
        rows += [
            [project_id, *name, binding["role"], member]
            for binding in _bindings(resource)
            for member in binding["members"]
        ]
    return header, rows


def _kind(project_id: str, dataset_id: str, table_id: str) -> str:
    kind = tables.load(project_id, dataset_id, table_id).type
    return str(information_schema.TABLE_TYPES.get(kind, kind)).replace("BASE ", "")
