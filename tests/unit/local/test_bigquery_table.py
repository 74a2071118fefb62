"""The client of `make sql`."""

import io
from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest
from google.cloud.bigquery import Row, SchemaField

from tools import bigquery_table


def test_a_dead_warehouse_is_told_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bigquery_table.RETRY.timeout == bigquery_table.TIMEOUT_SECONDS <= 30
    monkeypatch.setattr(bigquery_table, "RETRY", bigquery_table.RETRY.with_timeout(0.1))
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr("sys.stdin", io.StringIO("select 1"))
    with pytest.raises(SystemExit, match=r"does not answer at http://127\.0\.0\.1:9"):
        bigquery_table.main()


class Warehouse:
    """A client whose every query has ended, with these properties and rows."""

    def __init__(self, schema: list[SchemaField], rows: list[tuple[Any, ...]], **job: Any) -> None:
        """`job` are other properties of the job than those of a SELECT."""
        ended = {
            "statement_type": "SELECT",
            "destination": "p.d.t",
            "error_result": None,
            "num_dml_affected_rows": None,
            "state": "DONE",
        }
        self.job = SimpleNamespace(**ended | job)
        self.job.done = lambda **_: True
        names = {field.name: place for place, field in enumerate(schema)}
        self.schema, self.rows = schema, [Row(row, names) for row in rows]

    def query(self, *_: Any, **__: Any) -> Any:
        """Return the job."""
        return self.job

    def get_table(self, *_: Any, **__: Any) -> Any:
        """Return the table with the result."""
        return SimpleNamespace(schema=self.schema)

    def list_jobs(self, **_: Any) -> list[Any]:
        """Return no statement of a script that has a result."""
        return []

    def list_rows(self, table: Any, **_: Any) -> Any:
        """Yield the rows, whose columns the client was asked for with a schema."""
        assert len(table.schema) == len(self.schema)
        return iter(self.rows)


def shown(warehouse: Any) -> list[str]:
    """Return the lines of a query's result."""
    return [line.strip() for line in bigquery_table.run(warehouse, "select 1")]


def test_values_are_those_of_bigquery_not_of_python() -> None:
    fields = [("b", "BOOLEAN", "NULLABLE"), ("n", "NUMERIC", "NULLABLE"), ("a", "INTEGER", "REPEATED")]
    schema = [SchemaField(name, kind, mode) for name, kind, mode in fields]
    assert shown(Warehouse(schema, [(True, None, [1, 2])]))[2] == "true  NULL  [1, 2]"


def test_a_value_with_control_characters_stays_on_its_line() -> None:
    """A new line would break the table, and an escape sequence could rewrite what the terminal has shown."""
    lines = shown(Warehouse([SchemaField("s", "STRING")], [("a\nb\x1b[2J\u202e",)]))
    assert lines[2:] == [r"a\nb\x1b[2J\u202e", "(1 row)"]


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ({"statement_type": "UPDATE", "num_dml_affected_rows": 3}, "3 rows changed"),
        ({"statement_type": "DELETE", "num_dml_affected_rows": 1}, "1 row changed"),
        ({"statement_type": "CREATE_VIEW"}, "done, without a result (CREATE_VIEW)"),
        (
            {"statement_type": "SCRIPT", "job_id": "7"},
            "done. A script shows the rows of its last statement, if that is a SELECT.",
        ),
    ],
)
def test_a_statement_without_a_result_says_what_it_did(job: dict[str, Any], told: str) -> None:
    assert shown(Warehouse([], [], **job)) == [told]


def test_a_refusal_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's client puts the reason, the message again, the location and the job's id around it."""
    error: Any = BadRequest("bad; reason: invalidQuery, message: bad\n\nJob ID: 7", errors=[{"message": "bad"}])  # type: ignore[no-untyped-call]
    job = {"error_result": {"reason": "invalidQuery"}, "exception": lambda: error}
    monkeypatch.setattr(bigquery_table, "client", lambda: Warehouse([], [], **job))
    monkeypatch.setattr("sys.stdin", io.StringIO("selec 1"))
    with pytest.raises(SystemExit) as ended:
        bigquery_table.main()
    assert ended.value.code == "bad"


def test_ctrl_c_cancels_the_query() -> None:
    warehouse: Any = Warehouse([], [])
    cancelled = []

    def waiting(**_: Any) -> bool:
        raise KeyboardInterrupt

    warehouse.job.done, warehouse.job.cancel = waiting, lambda **_: cancelled.append(1)
    with pytest.raises(KeyboardInterrupt):
        shown(warehouse)
    assert cancelled


@pytest.mark.parametrize("error", [None, AttributeError("'list' object has no attribute 'get'"), ValueError("no JSON")])
def test_another_server_at_the_address_is_told(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    """Google's client takes any answer for BigQuery's: it fails on it, or waits for a job without a state."""

    def query(*_: Any, **__: Any) -> Any:
        if error:
            raise error
        return SimpleNamespace(state=None)

    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:8080")
    monkeypatch.setattr(bigquery_table, "client", lambda: SimpleNamespace(query=query))
    monkeypatch.setattr("sys.stdin", io.StringIO("select 1"))
    with pytest.raises(SystemExit, match=r"answers at http://127\.0\.0\.1:8080 is not BigQuery"):
        bigquery_table.main()
