"""The shell with the platform's variables: plain `dagster dev` and `dbt build` find what they need."""

import os
import subprocess
import sys
from pathlib import Path

from tools.local.platform import ENVIRONMENTS, ROOT


def in_shell(tmp_path: Path, script: str) -> str:
    """Run a script as the shell, and return its output."""
    shell = tmp_path / "shell"
    shell.write_text(f"#!/bin/sh\n{script}\n")
    shell.chmod(0o755)
    command = [sys.executable, "-m", "tools.local.shell"]
    result = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"SHELL": str(shell)}, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_shell_has_the_platforms_variables_and_commands(tmp_path: Path) -> None:
    said = in_shell(tmp_path, 'command -v dagster; command -v dbt; echo "$CONNECTIONS_FILE"; echo "$DBT_PROJECT_DIR"')
    commands = [str(ENVIRONMENTS / "orchestrator/bin" / name) for name in ("dagster", "dbt")]
    assert said.splitlines() == [*commands, str(ROOT / "connections.yaml"), str(ROOT / "dbt_project")]


def test_dagster_finds_the_code_location_in_the_orchestrators_folder(tmp_path: Path) -> None:
    said = in_shell(tmp_path, f"cd {ROOT / 'services/orchestrator'} && exec dagster job list")
    assert "all_assets" in said
