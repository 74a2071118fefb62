"""Who loads the files, and how each one is started and checked."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from benchmarks import environments
from benchmarks.figures import BESIDE
from benchmarks.loads import cases
from benchmarks.loads.cases import SLOW, Case
from benchmarks.loads.running import BUCKET, CONNECTOR_COMMAND, DATASET, STREAM, Loading
from benchmarks.measure import Cost, Part, measure_call, measure_command
from benchmarks.rounds import Contender
from tools.local.platform import python

LANDING_CHECKS = Path(__file__).with_name("landing_checks.py")
PEERS = Path(__file__).resolve().parents[1] / "peers"
DLT = {
    cases.DLT_ARROW: ("arrow", "emulator"),
    cases.DLT_DUCKDB: ("duckdb", "emulator"),
    cases.DLT_ARROW_FILE: ("arrow", "duckdb"),
    cases.DLT_DUCKDB_FILE: ("duckdb", "duckdb"),
}


def contenders(loading: Loading, case: Case) -> list[Contender]:
    """Return the contenders of a case."""
    runs: dict[str, Callable[[], Cost]] = {
        cases.BATCHES: partial(ours, loading, case, "batches"),
        cases.RECORDS: partial(ours, loading, case, "records"),
        cases.GOOGLE: partial(ours, loading, case, "google"),
        cases.CHANGED: partial(changed, loading, case),
        cases.CHECKS: partial(checks, loading, case),
        cases.CONNECTOR: partial(connector, loading, case),
        cases.PYAIRBYTE: partial(pyairbyte, loading, case),
        cases.LIMIT: partial(duckdb, loading, case),
    }
    runs |= {name: partial(dlt, loading, case, *how) for name, how in DLT.items()}
    return [Contender(name, runs[name], case.slow_rounds if name in SLOW else case.rounds) for name in case.contenders]


def ours(loading: Loading, case: Case, way: str) -> Cost:
    """A sync from the request to its end.

    Before the first one the connection is made, which also starts the connector's fork server. The way `google` loads
    through the front.
    """
    if way not in loading.connections:
        loading.connections[way] = loading.connect(case, way, "full_refresh_overwrite", f"{way}_")
    front = ("front",) if way == "google" else ()
    parts = loading.parts(way, "warehouse", "s3", *front)
    cost = measure_call(partial(loading.run, way, way, case.rows), parts, BESIDE)
    loading.has_arrived(f"{DATASET}.{way}_{STREAM}", case.rows)
    return cost


def changed(loading: Loading, case: Case) -> Cost:
    """A deduped sync after one of the files was uploaded again: all of its rows are read and replaced, no other."""
    rows = case.rows // case.files
    if "changed" not in loading.connections:
        loading.connections["changed"] = loading.connect(case, "batches", "incremental_deduped_history", "changed_")
        loading.run("batches", "changed", case.rows)
    time.sleep(1)  # S3's times are whole seconds
    loading.upload(case, loading.files(case) / f"0.{case.kind}")
    parts = loading.parts("batches", "warehouse", "s3")
    cost = measure_call(partial(loading.run, "batches", "changed", rows), parts, BESIDE)
    loading.has_arrived(f"{DATASET}.changed_{STREAM}", case.rows)
    return cost


def checks(loading: Loading, case: Case) -> Cost:
    """The landing checks of the table that a sync has loaded. Raises RuntimeError if a check fails."""
    if "batches" not in loading.connections:
        ours(loading, case, "batches")
    order = {
        "configuration": loading.declared(case),
        "stream": STREAM,
        "table": f"{loading.bigquery.project}.{DATASET}.batches_{STREAM}",
    }
    command = [python("orchestrator"), str(LANDING_CHECKS), json.dumps(order)]
    environ = variables() | loading.platform.environment | {"S3_BUCKET": BUCKET}
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=empty(loading)
    ) as program:
        asked, answers = cast(IO[str], program.stdin), cast(IO[str], program.stdout)

        def ask() -> None:
            print("again", file=asked, flush=True)
            answer = json.loads(answers.readline())
            if answer["rows"] != case.rows or answer["failed"]:
                raise RuntimeError(f"{answer['rows']} of {case.rows} rows; failed: {'; '.join(answer['failed'])}")

        try:
            answers.readline()  # it has checked the table once
            return measure_call(ask, [Part("checks", program.pid), *loading.parts("warehouse", "s3")], BESIDE)
        finally:
            asked.close()


def connector(loading: Loading, case: Case) -> Cost:
    """source-s3's own command, its output thrown away. Raises CommandError unless its exit code is 0."""
    folder = empty(loading)
    catalog, config = folder / "catalog.json", folder / "config.json"
    catalog.write_text(json.dumps(loading.discovered(case)))
    config.write_text(json.dumps(loading.configuration(case)))
    command = [CONNECTOR_COMMAND, "read", "--config", str(config), "--catalog", str(catalog)]
    shell = ["sh", "-c", '"$@" >/dev/null', "sh", *command]
    cost, _ = measure_command(shell, variables(), folder, "connector", loading.parts("s3"), BESIDE)
    return cost


def pyairbyte(loading: Loading, case: Case) -> Cost:
    """PyAirbyte, its connector and DuckDB in one tree of processes."""
    order = {"config": loading.configuration(case), "connector": CONNECTOR_COMMAND, "stream": STREAM}
    quiet = {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1"}
    cost = script(loading, case, "clients/pyairbyte", "pyairbyte_load.py", order, ("s3",), quiet)
    count(loading, case, "clients/pyairbyte", "pyairbyte.duckdb", f"bench.{STREAM}")
    return cost


def dlt(loading: Loading, case: Case, reader: str, destination: str) -> Cost:
    """dlt; the emulator is a part when dlt loads into it."""
    order = {
        "endpoint": loading.platform.url("s3"),
        "bucket": BUCKET,
        "glob": f"{case.name}/*",
        "format": case.kind,
        "reader": reader,
        "destination": destination,
        "dataset": f"{DATASET}_dlt",
        "table": f"{STREAM}_{reader}",
    }
    more = {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RESTORE_FROM_DESTINATION": "false",
        "BIGQUERY_EMULATOR_HOST": loading.platform.url("warehouse"),
    }
    used = ("warehouse", "s3") if destination == "emulator" else ("s3",)
    cost = script(loading, case, "benchmarks/dlt", "dlt_load.py", order, used, more)
    table = f"{order['dataset']}.{order['table']}"
    if destination == "emulator":
        loading.has_arrived(table, case.rows)
    else:
        count(loading, case, "benchmarks/dlt", "dlt.duckdb", table)
    return cost


def duckdb(loading: Loading, case: Case) -> Cost:
    """DuckDB on the local files."""
    order = {"files": f"{loading.files(case)}/*.{case.kind}", "format": case.kind}
    return script(loading, case, "benchmarks/dlt", "duckdb_load.py", order, (), {})


def script(
    loading: Loading,
    case: Case,
    environment: str,
    name: str,
    order: dict[str, Any],
    used: tuple[str, ...],
    more: dict[str, str],
) -> Cost:
    """Run a peer's script. Raises RuntimeError when rows are missing, CommandError when it fails."""
    folder = empty(loading)
    command = [str(environments.python(environment)), str(PEERS / name), json.dumps(order | {"folder": str(folder)})]
    parts = loading.parts(*used)
    environ = variables() | more | {"HOME": str(folder)}
    cost, output = measure_command(command, environ, folder, "program", parts, BESIDE)
    answer = json.loads(output.splitlines()[-1])
    if answer["rows"] != case.rows:
        raise RuntimeError(f"loaded {answer['rows']} of {case.rows} rows")
    cost.start = answer["start"]
    return cost


def count(loading: Loading, case: Case, environment: str, file: str, table: str) -> None:
    """Count the rows that a peer's run has left in a DuckDB file, after the measurement.

    Raises RuntimeError when rows are missing.
    """
    command = [
        str(environments.python(environment)),
        str(PEERS / "count_rows.py"),
        f"{peer_folder(loading) / file}",
        table,
    ]
    found = int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)
    if found != case.rows:
        raise RuntimeError(f"{table} has {found} of {case.rows} rows")


def empty(loading: Loading) -> Path:
    """Return the folder of a peer's run, emptied."""
    folder = peer_folder(loading)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def peer_folder(loading: Loading) -> Path:
    """The folder of a peer's run."""
    return loading.folder / "peer"


def variables() -> dict[str, str]:
    """The environment of a peer. Byte code is written, as ours has it; nothing else of this process is passed on."""
    kept = {name: value for name in ("PATH", "LANG", "TMPDIR") if (value := os.environ.get(name))}
    return kept | {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
