"""Makes the pages: `dbt docs generate --static`, and the lineage of columns from its catalog by dbt-colibri."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import dagster as dg

from orchestrator.dbt_integration import DbtProject
from orchestrator.manifest import DBT, prepare

DOCS, COLUMNS, DATA = "dbt_docs.html", "column_lineage.html", "column_lineage.json"
"""The names of the files, which the console reads."""
KEPT = ("manifest.json", "partial_parse.msgpack")
"""Files of an earlier dbt command: with them, dbt does not parse the project again."""
SECONDS = 900
NICE = 10
"""The pages can wait: everything else on the machine is more urgent."""


def make(project: DbtProject, folder: Path) -> list[Path]:
    """Make the pages in a folder, in the place of earlier ones; return their paths. Raises Failure."""
    prepare(project)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dbt-docs-") as name:
        target = Path(name)
        for file in KEPT:
            if (source := project.manifest_path.with_name(file)).exists():
                shutil.copy(source, target)
        _generate(project, target)
        return publish(target, folder)


def publish(target: Path, folder: Path) -> list[Path]:
    """Make the lineage of columns from what dbt has made, and put all pages into the folder; return their paths."""
    _column_lineage(target)
    columns = target / "columns"
    return [
        _put(target / "static_index.html", folder / DOCS),
        _put(columns / "index.html", folder / COLUMNS),
        _put(columns / "colibri-manifest.json", folder / DATA),
    ]


def _generate(project: DbtProject, target: Path) -> None:
    options = ["--profiles-dir", str(project.profiles_dir), "--target-path", str(target), "--log-path", str(target)]
    command = [str(DBT), "--quiet", "--no-use-colors", "docs", "generate", "--static", *options]
    # dbt sends statistics of its use unless it is told not to.
    variables = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}
    try:
        result = subprocess.run(
            ["nice", "-n", str(NICE), *command],
            cwd=project.project_dir,
            env=variables,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise dg.Failure(
            f"dbt docs generate did not end within {SECONDS} s. Is the warehouse running? make ps"
        ) from None
    if result.returncode:
        raise dg.Failure(f"dbt docs generate failed:\n{result.stdout[-4000:]}{result.stderr[-2000:]}")


def _column_lineage(target: Path) -> None:
    """Make the lineage of columns. By its classes, because its command asks PyPI for newer releases of itself."""
    from dbt_colibri.lineage_extractor.extractor import DbtColumnLineageExtractor
    from dbt_colibri.report.generator import DbtColibriReportGenerator

    extractor = DbtColumnLineageExtractor(str(target / "manifest.json"), str(target / "catalog.json"))
    DbtColibriReportGenerator(extractor, disable_telemetry=True).generate_report(output_dir=str(target / "columns"))


def _put(made: Path, path: Path) -> Path:
    """Move a file into its place at once, also from another file system."""
    part = path.with_suffix(".part")
    shutil.copyfile(made, part)
    part.chmod(0o644)
    part.replace(path)
    return path
