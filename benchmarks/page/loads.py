"""The page's part about loads."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.figures import FRONT, cpu, has_peak, ratio
from benchmarks.loads import cases
from benchmarks.page.markdown import NONE, exponent, number, spread, table
from benchmarks.page.words import words

Entry = dict[str, Any]
KINDS = {"csv": "CSV", "jsonl": "JSONL", "parquet": "Parquet"}
SHORT = {
    cases.BATCHES: "ours, batches",
    cases.CHECKS: "our landing checks",
    cases.GOOGLE: "ours, as to Google",
    cases.RECORDS: "ours, records",
    cases.CHANGED: "ours, 1 file changed",
    cases.DLT_ARROW: "dlt (Arrow) → emulator",
    cases.DLT_DUCKDB: "dlt (DuckDB reader) → emulator",
    cases.DLT_ARROW_FILE: "dlt (Arrow) → DuckDB",
    cases.DLT_DUCKDB_FILE: "dlt (DuckDB reader) → DuckDB",
    cases.CONNECTOR: "source-s3 → nowhere",
    cases.PYAIRBYTE: "PyAirbyte → DuckDB",
    cases.LIMIT: "DuckDB alone",
}
ONLY_IN_MAIN_CASES = {cases.DLT_ARROW_FILE, cases.DLT_DUCKDB_FILE, cases.CONNECTOR, cases.PYAIRBYTE}
COMPARED = [name for name in cases.CONTENDERS if name not in ONLY_IN_MAIN_CASES]


def show(part: dict[str, Any]) -> str:
    """Return the section: one table for each of the main cases, then all cases side by side."""
    entries: dict[str, Entry] = part.get("cases", {})
    measured = [entry for entry in entries.values() if "contenders" in entry]
    lines = [words("loads"), ""]
    for entry in main_cases(measured):
        lines += [f"### {title(entry)}", "", details(entry), ""]
    if any(cases.GOOGLE in entry["contenders"] for entry in measured):
        lines += [words("google"), "", by_part(measured), ""]
    lines += [words("cases"), "", overview(measured), "", words("rows"), "", growth(measured), ""]
    failed = [f"- {title(entry)}: {entry['error']}" for entry in entries.values() if "error" in entry]
    if "error" in part:
        failed.append(f"- {part['error']}")
    if failed:
        lines += ["Not measured:", "", *failed, ""]
    return "\n".join(lines)


def title(entry: Entry) -> str:
    """Return a case in words."""
    files = "1 file" if entry["files"] == 1 else f"{entry['files']} files"
    return f"{entry['rows']:,} rows, {entry['columns']} columns, {files} of {KINDS[entry['kind']]}"


def ordered(entry: Entry) -> list[str]:
    """Return the contenders of a case in the order of the page."""
    return sorted(entry["contenders"], key=cases.CONTENDERS.index)


def main_cases(measured: list[Entry]) -> list[Entry]:
    """Return the cases that have a table of their own: the most peers, and the most rows."""
    if not measured:
        return []
    widest = max(measured, key=lambda entry: (len(entry["contenders"].keys() - cases.OURS), entry["rows"]))
    largest = max(measured, key=lambda entry: entry["rows"])
    return [widest] if widest is largest else [widest, largest]


def details(entry: Entry) -> str:
    """Return the table of one case: wall, CPU, ratio, start, memory by part."""
    base = [cpu(run) for run in entry["contenders"].get(cases.BATCHES, {"runs": []})["runs"]]
    rows = []
    for name in ordered(entry):
        found = entry["contenders"][name]
        runs = found["runs"]
        if not runs:
            rows.append([name, found.get("error", NONE), *[NONE] * 4])
            continue
        times = ratio([cpu(run) for run in runs], base)
        start = median(run["start"] for run in runs)
        rows.append(
            [
                name + (f"; later failed: {found['error']}" if "error" in found else ""),
                spread([run["wall"] for run in runs]),
                spread([cpu(run) for run in runs]),
                NONE if times is None else f"{times:.2f}",
                number(start) if start else NONE,
                peak([run for run in runs if has_peak(run)]),
            ]
        )
    return table(["", "wall, s", "CPU, s", "times ours", "start, CPU s", "peak memory, MiB (by part)"], rows)


def peak(runs: list[Entry]) -> str:
    """Return the highest memory of the runs, in all and by part; nothing without a run."""
    if not runs:
        return NONE
    parts = {part: max(run["memory"][part] for run in runs) for part in runs[0]["memory"]}
    told = ", ".join(f"{part} {number(most)}" for part, most in parts.items())
    return f"{number(max(run['total_memory'] for run in runs))} ({told})"


def by_part(measured: list[Entry]) -> str:
    """Return the CPU by part of the loads as to Google and in batches, for the cases that have both."""
    parts = ("airbyte-lite", "connector", "emulator")
    rows = []
    for entry in (entry for entry in measured if cases.GOOGLE in entry["contenders"]):
        for name in (cases.BATCHES, cases.GOOGLE):
            if runs := entry["contenders"].get(name, {"runs": []})["runs"]:
                found = [[run["cpu"][part] for run in runs if part in run["cpu"]] for part in (*parts, FRONT)]
                *of_parts, front = [number(median(seconds)) if seconds else NONE for seconds in found]
                sums = number(median(map(cpu, runs)))
                rows.append([f"{title(entry)}: {SHORT[name]}", *of_parts, sums, front])
    return table(["", *parts, "sum", "front"], rows)


def overview(measured: list[Entry]) -> str:
    """Return one line for each case, with the CPU of the most important contenders."""
    compared = [name for name in COMPARED if any(name in entry["contenders"] for entry in measured)]
    rows = []
    for entry in sorted(measured, key=lambda entry: (entry["kind"], entry["columns"], entry["files"], entry["rows"])):
        base = [cpu(run) for run in entry["contenders"].get(cases.BATCHES, {"runs": []})["runs"]]
        cells = []
        for name in compared:
            found = entry["contenders"].get(name)
            if found is None or not found["runs"]:
                cells.append("failed" if found and "error" in found else NONE)
                continue
            seconds = [cpu(run) for run in found["runs"]]
            times = ratio(seconds, base)
            cells.append(number(median(seconds)) + (f" ({times:.1f})" if times and name != cases.BATCHES else ""))
        rows.append([title(entry), *cells])
    return table(["", *(SHORT[name] for name in compared)], rows)


def points(
    measured: list[Entry],
    name: str,
    value: Callable[[Entry], float],
    counts: Callable[[Entry], bool] = lambda _: True,
) -> list[tuple[float, float]]:
    """Return (rows, median of a value) of a contender in the narrow cases of one CSV file, of the runs that count."""
    found = []
    for entry in measured:
        if (entry["kind"], entry["columns"], entry["files"]) == ("csv", 8, 1):
            runs = entry["contenders"].get(name, {"runs": []})["runs"]
            if values := [value(run) for run in runs if counts(run)]:
                found.append((entry["rows"], median(values)))
    return sorted(found)


def growth(measured: list[Entry]) -> str:
    """Return the exponents by which the cost grows with the rows."""
    rows = []
    for name in (cases.BATCHES, cases.RECORDS, cases.DLT_ARROW, cases.DLT_DUCKDB, cases.LIMIT):
        cost, most = points(measured, name, cpu), points(measured, name, lambda run: run["total_memory"], has_peak)
        if len(cost) > 1:
            sizes = f"{cost[0][0]:,} to {cost[-1][0]:,}"
            rows.append([SHORT[name], sizes, exponent(cost), exponent(cost[-2:]), exponent(most)])
    return table(["", "rows", "CPU", "CPU, last two sizes", "peak memory"], rows)
