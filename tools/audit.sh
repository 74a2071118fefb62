#!/usr/bin/env bash
# Looks up every locked package in the database of known vulnerabilities. Exit code 1 when one is found.
# A package that the database cannot be asked about fails too. It reads the locks only: nothing of them is installed.
set -uo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
if [ ! -x .venvs/audit/bin/pip-audit ]; then
  "$python" -m venv .venvs/audit
  .venvs/audit/bin/pip install --quiet pip-audit==2.10.1 || exit 1
fi
failed=()
while read -r lock; do
  echo "auditing $lock"
  .venvs/audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off --requirement "$lock" || failed+=("$lock")
done < <(git ls-files '*requirements.txt')
if [ "${#failed[@]}" -gt 0 ]; then
  echo "audit: vulnerable or not examined, see above: ${failed[*]}" >&2
  echo "Raise the version (pyproject.toml, requirements.in or overrides.txt), then: make lock" >&2
  exit 1
fi
