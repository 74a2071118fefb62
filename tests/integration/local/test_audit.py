"""`make audit` never passes without having looked up a lock."""

import shutil
import subprocess
from pathlib import Path

from tools.local.platform import ROOT


def test_audit_fails_where_git_lists_no_locks(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    script = shutil.copy2(ROOT / "tools/audit.sh", tmp_path / "tools")
    program = tmp_path / ".venvs/audit/bin/pip-audit"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    result = subprocess.run([script], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "nothing was checked" in result.stderr
