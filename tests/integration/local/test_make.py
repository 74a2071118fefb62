"""What make gives to a command: the options that it has, as they were written, and no variables of Python."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
MAKEFILE = f"""
include {ROOT}/tools/options.mk
export q o
sql: ; @printf '%s|%s' "$$q" "$$o"
run: ; @touch ran
python: ; @{sys.executable} -m module
"""


def make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make on a file with three commands."""
    (folder / "Makefile").write_text(MAKEFILE)
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=folder, env=outside | variables, capture_output=True, text=True)


def test_a_query_reaches_its_command_as_it_was_written(tmp_path: Path) -> None:
    query = """select '$.a', "$(HOME)", $$ -- 100% #\nfrom `t`;"""
    assert make(tmp_path, "sql", f"q={query}").stdout == f"{query}|"


def test_a_variable_of_the_shell_is_no_option(tmp_path: Path) -> None:
    assert make(tmp_path, "sql", q="drop table t", o="--prune").stdout == "|"


@pytest.mark.parametrize(
    ("arguments", "named"), [(["run", "q=orders"], "q"), (["run", "orders"], "orders"), (["sql", "qq=1"], "qq")]
)
def test_what_a_command_does_not_take_is_refused_before_it_runs(
    tmp_path: Path, arguments: list[str], named: str
) -> None:
    refused = make(tmp_path, *arguments)
    assert refused.returncode
    assert re.search(rf"\b{named}\b.*make help", refused.stderr)
    assert not (tmp_path / "ran").exists()


def test_options_of_a_make_that_calls_this_one_are_not_refused(tmp_path: Path) -> None:
    assert make(tmp_path, "run", MAKELEVEL="1", MAKEFLAGS=" -- env=prod").returncode == 0


def test_a_setting_on_the_command_line_is_no_option(tmp_path: Path) -> None:
    assert make(tmp_path, "run", "DAGSTER_PORT=3001", "CI=true").returncode == 0


def test_python_s_variables_are_not_for_our_programs(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("import json, os; print('żółć', os.environ['PYTHON_KEYRING_BACKEND'])")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/json.py").write_text("raise SystemExit('not ours')")
    theirs = {"PYTHONPATH": str(tmp_path / "theirs"), "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "ascii"}
    theirs["PYTHON_KEYRING_BACKEND"] = "of.the.Index"  # not a variable of Python: pip and uv install with it
    found = make(
        tmp_path, "python", **theirs, PYTHONHOME="/nowhere", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", LC_ALL="C"
    )
    assert (found.returncode, found.stdout) == (0, "żółć of.the.Index\n")


def test_every_option_in_the_pages_is_one_of_its_command() -> None:
    table = re.findall(r"^options-of-([a-z-]+) := (.*)$", (ROOT / "tools/options.mk").read_text(), re.MULTILINE)
    written = dict(table)
    options = {command: set(written.get(names[13:-1], names).split()) for command, names in table}  # $(options-of-…)
    unknown = [
        f"{page.name}: make {command} {given}"
        for page in PAGES
        for command, given in re.findall(r"make ([a-z-]+)((?: [a-z]+=(?:'[^']*'|[^\s`']+))+)", page.read_text())
        if not set(re.findall(r" ([a-z]+)=", given)) <= options.get(command, set())
    ]
    assert unknown == []
