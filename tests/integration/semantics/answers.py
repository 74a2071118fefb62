"""Answers statements as the warehouse does, without HTTP: with all rules, then without the rule that it tests.

Runs in the warehouse's environment. Its argument is a file with a JSON object: {"setup": [statement, …], "cases":
[{"sql", "rule", "parameters"}, …]}. Standard output has one JSON object a line: the rules with their reasons, then for
each case {"with": answer, "without": answer}; an answer is {"rows", "types"} in the form of the REST API, or {"error"}.
"without" is left out once an earlier statement's rows, or its refusal, have shown that the rule is needed.
The last line is the CPU time of the analysis of a query of one table, as a multiple of the time of its parsing.
"""

import functools
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local_bigquery.app import app
from local_bigquery.catalog import datasets, tables
from local_bigquery.engine import database, results, types
from local_bigquery.errors import from_exception
from local_bigquery.jobs import query
from local_bigquery.models import Dataset, JobConfigurationQuery
from local_bigquery.settings import settings
from local_bigquery.sql import translate

from warehouse import bridges
from warehouse.semantics import analysis
from warehouse.semantics.rules import RULES

PROJECT, DATASET = "local-dev", "probe"
numbers = itertools.count()


def plain(value: Any) -> Any:
    """Return a cell of the REST API without its envelopes: arrays and structs are lists."""
    if isinstance(value, dict):
        return [plain(cell["v"]) for cell in value["f"]]
    return [plain(element["v"]) for element in value] if isinstance(value, list) else value


def answer(sql: str, parameters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Run a statement and return its rows and the types of its columns, or the error."""
    configuration = JobConfigurationQuery.model_validate(
        {"query": sql, "queryParameters": parameters, "defaultDataset": {"datasetId": DATASET}}
    )
    try:
        with database.cursor() as cursor:
            _, _, table = query.execute(cursor, PROJECT, f"job{next(numbers)}", configuration)
            if table is None or table.datasetId != tables.RESULTS:
                return {"rows": [], "types": []}
            reference = tables.reference(table)
            page = results.page(cursor, tables.name(*reference))
            fields = tables.columns(*reference)
    except Exception as error:
        return {"error": from_exception(error).message}
    return {
        "rows": [plain(json.loads(row)) for row in page.rows],
        "types": [f"{field.name} {types.bigquery_type(field, quoted=False)}" for field in fields],
    }


def differ(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether only one answer is a refusal, or the rows differ. Then at most one answer can be the expected one."""
    return ("error" in one) != ("error" in other) or one.get("rows") != other.get("rows")


def cost() -> float:
    """Return the CPU time of the analysis of a query of one table, as a multiple of the time of its parsing."""
    query = "SELECT k, CAST(k AS STRING) AS text FROM unnested WHERE k = 1"
    (tree,) = translate.parse(query)

    def least(work: Callable[[], object]) -> float:
        """Return the seconds of the best of ten runs."""
        times = []
        for _ in range(10):
            start = time.thread_time()
            work()
            times.append(time.thread_time() - start)
        return min(times)

    context = translate.Context(PROJECT, DATASET)
    return least(lambda: analysis.analyse(tree.copy(), context)) / least(lambda: translate.parse(query))


def main() -> None:
    """Answer all cases."""
    settings.data_dir = Path(tempfile.mkdtemp(prefix="answers-"))
    settings.default_project_id = PROJECT
    bridges.install(app)
    database.attach(PROJECT)
    datasets.create(PROJECT, Dataset.model_validate({"datasetReference": {"projectId": PROJECT, "datasetId": DATASET}}))
    request = json.loads(Path(sys.argv[1]).read_text())
    for sql in request["setup"]:
        if error := answer(sql).get("error"):
            raise SystemExit(f"{sql}: {error}")
    print(json.dumps({rule.name: rule.because for rule in RULES}))
    without = functools.cache(lambda name: analysis.by_node(rule for rule in RULES if rule.name != name))
    everything = analysis.rules_of
    needed: set[str] = set()
    for case in request["cases"]:
        found: dict[str, Any] = {"with": answer(case["sql"], case.get("parameters"))}
        if case["rule"] not in {"-", *needed}:
            analysis.rules_of = without(case["rule"])
            found["without"] = answer(case["sql"], case.get("parameters"))
            analysis.rules_of = everything
            if differ(found["with"], found["without"]):
                needed.add(case["rule"])
        print(json.dumps(found), flush=True)
    print(cost())


if __name__ == "__main__":
    main()
