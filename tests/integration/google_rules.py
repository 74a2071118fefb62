"""Rules of Google BigQuery that the emulator does not enforce, for the requests that pass through google_front.py.

Each rule names the page of Google's documentation that states it.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

JOBS = re.compile(r"(?:/upload)?/bigquery/v2/projects/[^/]+/jobs")
TABLES = re.compile(r"/bigquery/v2/projects/([^/]+)/datasets/([^/]+)/tables(?:/([^/]+))?")
NAMES = {"INT64": "INTEGER", "BOOL": "BOOLEAN", "FLOAT64": "FLOAT", "STRUCT": "RECORD"}
# "Create clustered tables", "Limitations".
CLUSTERED = {"STRING", "INTEGER", "NUMERIC", "BIGNUMERIC", "DATE", "DATETIME", "TIMESTAMP", "BOOLEAN", "GEOGRAPHY"}
# "Introduction to partitioned tables", "Time-unit column partitioning".
PARTITIONED = {"DATE", "DATETIME", "TIMESTAMP"}
# "Modifying table schemas", "Change a column's data type": by ALTER COLUMN, not by an update of the table's schema.
WIDENED = {("INTEGER", name) for name in ("NUMERIC", "BIGNUMERIC", "FLOAT")} | {
    ("NUMERIC", "BIGNUMERIC"),
    ("NUMERIC", "FLOAT"),
}
RETYPED = re.compile(
    r"ALTER TABLE `([^`]+)\.([^`.]+)\.([^`.]+)`((?:\s*,?\s*ALTER COLUMN `?\w+`? SET DATA TYPE \w+)+)\s*", re.IGNORECASE
)
NEW_TYPE = re.compile(r"ALTER COLUMN `?(\w+)`? SET DATA TYPE (\w+)", re.IGNORECASE)
JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,1024}")  # "REST reference", "JobReference"

Refusal = tuple[int, dict[str, Any]]
Table = tuple[str, str, str]


@dataclass
class Rules:
    """The rules, and the facts of earlier requests that they need."""

    emulator: str
    load_jobs_a_day: int = 1500  # "Quotas and limits", "Load jobs": for each table
    loads: Counter[Table] = field(default_factory=Counter)
    changes: Counter[Table] = field(default_factory=Counter)  # writes of rows, which change the etag
    job_ids: set[str] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)
    _uploads: dict[str, tuple[set[str], bytes]] = field(default_factory=dict)  # the columns, and an incomplete line

    def refuse(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Refusal | None:
        """Return Google's answer to a request that it refuses, or None; the headers' names are in lower case."""
        try:
            self._check(method, url, headers, body)
        except Refused as refused:
            message = str(refused)
            self.refusals.append(message)
            errors = [{"reason": refused.reason, "message": message, "domain": "global"}]
            return refused.status, {"error": {"code": refused.status, "message": message, "errors": errors}}
        return None

    def answered(self, method: str, url: str, status: int, headers: Mapping[str, str], body: bytes) -> bytes:
        """Note what an answer of the emulator means for later requests; return the body to pass on."""
        path = urlsplit(url).path
        if location := headers.get("location"):
            [upload] = parse_qs(urlsplit(location).query)["upload_id"]
            self._uploads[upload] = self._uploads.pop("new", (set(), b""))
        if status == 200 and body and (found := TABLES.fullmatch(path)) and (found[3] or method == "POST"):
            table = json.loads(body)
            if "etag" not in table:  # a selection of fields
                return body
            reference = table["tableReference"]
            key = reference["projectId"], reference["datasetId"], reference["tableId"]
            return json.dumps(table | {"etag": f"{table['etag']}-{self.changes[key]}"}).encode()
        return body

    def forwarded(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers with the emulator's own etag instead of ours."""
        return {
            name: value.rpartition("-")[0] if name.lower() == "if-match" else value for name, value in headers.items()
        }

    def _check(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        path = urlsplit(url).path
        if found := TABLES.fullmatch(path):
            if method == "POST":
                _layout(json.loads(body), json.loads(body).get("schema", {}).get("fields", []))
            elif method in ("PATCH", "PUT"):
                self._update((found[1], found[2], found[3]), headers, json.loads(body))
        elif JOBS.fullmatch(path) and method == "POST":
            self._job(json.loads(body))
        elif JOBS.fullmatch(path) and method == "PUT":
            self._lines(parse_qs(urlsplit(url).query)["upload_id"][0], headers, body)

    def _update(self, key: Table, headers: Mapping[str, str], body: dict[str, Any]) -> None:
        current = self._table(key)
        if current is None:
            return
        wanted = headers.get("if-match")
        # "REST reference", "tables.patch", and "Managing tables": an update needs the etag of the table as it is.
        if wanted and wanted != f"{current['etag']}-{self.changes[key]}":
            raise Refused(412, "conditionNotMet", "Precondition check failed.")
        old = {item["name"].lower(): item for item in current.get("schema", {}).get("fields", [])}
        fields = body.get("schema", {}).get("fields") or list(old.values())
        new = {item["name"].lower(): item for item in fields}
        for name, item in new.items():
            before, mode = old.get(name), item.get("mode", "NULLABLE")
            if before is None and mode == "REQUIRED":
                raise Refused(400, "invalid", f"Provided Schema does not match Table: cannot add required {name}")
            if before is None:
                continue
            types = _type(before), _type(item)
            relaxed = before.get("mode", "NULLABLE") == "REQUIRED" and mode == "NULLABLE"
            if types[0] != types[1]:
                raise Refused(400, "invalid", f"Provided Schema does not match Table: {name} changed its type")
            if before.get("mode", "NULLABLE") != mode and not relaxed:
                raise Refused(400, "invalid", f"Provided Schema does not match Table: {name} changed its mode")
        if missing := old.keys() - new.keys():
            raise Refused(400, "invalid", f"Provided Schema does not match Table: {missing} are missing")
        _layout({"timePartitioning": current.get("timePartitioning")} | body, fields)

    def _job(self, job: dict[str, Any]) -> None:
        job_id = job.get("jobReference", {}).get("jobId")
        if job_id is not None:
            if not JOB_ID.fullmatch(job_id):
                raise Refused(400, "invalid", f"Invalid job ID {job_id!r}")
            if job_id in self.job_ids:
                raise Refused(409, "duplicate", f"Already Exists: Job {job_id}")
        configuration = job["configuration"]
        if load := configuration.get("load"):
            self._load(load)
        elif copy := configuration.get("copy"):
            self._copy(copy)
        elif query := configuration.get("query"):
            if altered := RETYPED.fullmatch(query["query"].strip()):
                self._alter((altered[1], altered[2], altered[3]), NEW_TYPE.findall(altered[4]))
            if target := query.get("destinationTable"):
                self.changes[_key(target)] += 1
            for target in re.findall(r"(?:INTO|MERGE) `([^`]+)\.([^`.]+)\.([^`.]+)`", query["query"]):
                self.changes[target] += 1
        if job_id is not None:
            self.job_ids.add(job_id)

    def _alter(self, key: Table, columns: list[tuple[str, str]]) -> None:
        """Refuse ALTER COLUMN SET DATA TYPE unless the new type holds every value of the old one."""
        current = self._table(key)
        fields = current.get("schema", {}).get("fields", []) if current else []
        old = {item["name"].lower(): _type(item) for item in fields}
        for name, wanted in columns:
            types = old.get(name.lower(), ""), _type({"type": wanted.upper()})
            if types[0] and types[0] != types[1] and types not in WIDENED:
                raise Refused(400, "invalidQuery", f"ALTER COLUMN {name}: {types[0]} cannot become {types[1]} in place")
        self.changes[key] += 1

    def _load(self, load: dict[str, Any]) -> None:
        key = _key(load["destinationTable"])
        self.loads[key] += 1
        if self.loads[key] > self.load_jobs_a_day:
            text = "Quota exceeded: Your table exceeded quota for imports or query appends per table."
            raise Refused(403, "quotaExceeded", text)
        current = self._table(key)
        fields = load.get("schema", {}).get("fields", [])
        # "Work with JSON data", "Limitations".
        if load.get("sourceFormat") == "PARQUET" and any(_type(item) == "JSON" for item in fields):
            raise Refused(400, "invalid", "Unsupported field type: JSON columns cannot be loaded from Parquet")
        existing = current.get("schema", {}).get("fields", []) if current else []
        truncated = load.get("writeDisposition") == "WRITE_TRUNCATE"
        result = fields if truncated and fields else [*existing, *fields]
        _layout(load, result)
        if load.get("timePartitioning") or load.get("clustering"):  # without them, the table keeps its own
            self._same_layout(current, load)
        if current and not truncated:
            self._appended(existing, fields, load.get("schemaUpdateOptions") or [])
        known = {item["name"].lower() for item in result}
        # "Loading JSON data", "ignoreUnknownValues".
        self._uploads["new"] = (set() if load.get("ignoreUnknownValues") else known, b"")
        self.changes[key] += 1

    def _copy(self, copy: dict[str, Any]) -> None:
        source, key = _key(copy.get("sourceTable") or copy["sourceTables"][0]), _key(copy["destinationTable"])
        current, content = self._table(key), self._table(source)
        # "Managing partitioned tables", "Copy a partitioned table": the specifications must match.
        if current and content and "$" not in key[2]:
            self._same_layout(current, content)
            if copy.get("writeDisposition") == "WRITE_APPEND":
                self._appended(current["schema"]["fields"], content["schema"]["fields"], [])
        self.changes[key] += 1

    def _same_layout(self, current: dict[str, Any] | None, asked: dict[str, Any]) -> None:
        """Refuse a load or copy into a table that is partitioned or clustered in another way ("Load jobs")."""
        if current is None:
            return
        both = [
            ((item.get("timePartitioning") or {}).get("field"), (item.get("clustering") or {}).get("fields"))
            for item in (current, asked)
        ]
        if both[0] != both[1]:
            raise Refused(400, "invalid", f"Incompatible table partitioning specification: {both[0]} is not {both[1]}")

    def _appended(self, existing: list[dict[str, Any]], fields: list[dict[str, Any]], options: list[str]) -> None:
        """Refuse columns that the table does not have ("Modifying table schemas", "Add a column in a load append")."""
        known = {item["name"].lower(): _type(item) for item in existing}
        for item in fields:
            found = known.get(item["name"].lower())
            if found is None and "ALLOW_FIELD_ADDITION" not in options:
                raise Refused(400, "invalid", f"Provided Schema does not match Table: no field {item['name']}")
            if found is not None and found != _type(item):
                raise Refused(400, "invalid", f"Provided Schema does not match Table: {item['name']} changed its type")

    def _lines(self, upload: str, headers: Mapping[str, str], body: bytes) -> None:
        if headers.get("content-range", "").startswith("bytes *") or upload not in self._uploads:
            return
        known, begun = self._uploads[upload]
        *lines, rest = (begun + body).split(b"\n")
        self._uploads[upload] = known, rest
        for line in filter(None, lines if known else []):
            if unknown := {name.lower() for name in json.loads(line)} - known:
                raise Refused(400, "invalid", f"Error while reading data, error message: No such field: {unknown}")

    def _table(self, key: Table) -> dict[str, Any] | None:
        url = "{}/bigquery/v2/projects/{}/datasets/{}/tables/{}".format(self.emulator, *key)
        try:
            with urlopen(url) as answer:
                table: dict[str, Any] = json.load(answer)
                return table
        except HTTPError:
            return None


class Refused(Exception):
    """Google's answer: the HTTP status, the reason (its page "Error messages"), the message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


def _layout(table: dict[str, Any], fields: list[dict[str, Any]]) -> None:
    """Refuse clustering and partitioning by columns that do not exist or have another type."""
    columns = {item["name"].lower(): item for item in fields}
    clustering = (table.get("clustering") or {}).get("fields") or []
    partition = (table.get("timePartitioning") or {}).get("field")
    if len(clustering) > 4:
        raise Refused(400, "invalid", f"Too many clustering columns: {len(clustering)}, at most 4 are allowed")
    for name, allowed in (
        *((item, CLUSTERED) for item in clustering),
        *([(partition, PARTITIONED)] if partition else []),
    ):
        column = columns.get(name.lower())
        if column is None:
            raise Refused(400, "invalid", f"The field specified for clustering or partitioning cannot be found: {name}")
        if _type(column) not in allowed or column.get("mode") == "REPEATED":
            raise Refused(400, "invalid", f"{name} cannot cluster or partition the table: it is {_type(column)}")


def _type(item: dict[str, Any]) -> str:
    name: str = item["type"]
    return NAMES.get(name, name)


def _key(reference: dict[str, str]) -> Table:
    return reference["projectId"], reference["datasetId"], reference["tableId"]
