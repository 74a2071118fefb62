#!/usr/bin/env bash
# Looks up every locked package in the database of known vulnerabilities. Exit code 1 when one is found.
# A package that cannot be looked up fails too. This reads only the locks and installs none of their packages.
set -uo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
if [ ! -x .venvs/audit/bin/pip-audit ]; then
  "$python" -m venv .venvs/audit
  .venvs/audit/bin/pip install --quiet pip-audit==2.10.1 || exit 1
fi
locks=$(git ls-files '*requirements.txt')
if [ -z "$locks" ]; then
  echo "audit: git lists no locks in $PWD, so nothing was checked. Run it in a checkout that git accepts: git status" >&2
  exit 1
fi
failed=()
while read -r lock; do
  echo "auditing $lock"
  .venvs/audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off --requirement "$lock" || failed+=("$lock")
done <<<"$locks"
if [ "${#failed[@]}" -gt 0 ]; then
  echo "audit: these locks have vulnerable packages or could not be checked, see above: ${failed[*]}" >&2
  echo "Require a newer version (in pyproject.toml, requirements.in or overrides.txt), then run: make lock, make audit" >&2
  exit 1
fi
