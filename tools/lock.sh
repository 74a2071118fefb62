#!/usr/bin/env bash
# Locks the packages of every environment with hashes. The orchestrator's lock is made first and constrains the others, so
# that a package has one version in the whole platform and one test environment can import every service. Our own packages
# are not in the locks: tools/install.py and services/Dockerfile install them from their folders.
set -euo pipefail
cd "$(dirname "$0")/.."
export UV_CUSTOM_COMPILE_COMMAND="make lock"
ours="--no-emit-package platform-kit --no-emit-package connections-file --no-emit-package airbyte-as-code --no-emit-package source-texts"
lock() { # LOCK INPUT... [uv options]
  local lock=$1
  shift
  echo "locking $lock"
  "${UV:-uv}" pip compile --quiet --python-version 3.13 --universal --generate-hashes --no-emit-index-url $ours "$@" \
    --output-file "$lock/requirements.txt"
}
service() { # NAME [uv options]
  lock "services/$1" "services/$1/pyproject.toml" "${@:2}"
}
same="--constraints services/orchestrator/requirements.txt"
service orchestrator
service airbyte_lite $same
service bootstrap $same
service warehouse
service socket_proxy $same
service console $same
lock deploy/kubernetes deploy/kubernetes/requirements.in $same
# LocalStack 4.14.0 does not start with packages that were released after it (cbor2 6, pyOpenSSL 26).
lock compose/stand-in/localstack compose/stand-in/localstack/requirements.in --exclude-newer 2026-03-05
for input in services/airbyte_lite/connectors/*/requirements.in; do
  connector=$(dirname "$input")
  overrides=$connector/overrides.txt
  lock "$connector" "$input" $([ -e "$overrides" ] && echo "--overrides $overrides")
done
lock tools/backup tools/backup/requirements.in
lock tools/connectors/standard_tests tools/connectors/standard_tests/requirements.in
lock tests tests/requirements.in services/{airbyte_lite,bootstrap,console,orchestrator,socket_proxy}/pyproject.toml $same \
  --constraints services/airbyte_lite/requirements.txt --constraints services/bootstrap/requirements.txt \
  --constraints services/socket_proxy/requirements.txt --constraints services/console/requirements.txt
for input in tests/integration/clients/*/requirements.in; do
  lock "$(dirname "$input")" "$input"
done
lock tests/dialect/oracle tests/dialect/oracle/requirements.in
# The same DuckDB and PyArrow in the emulator and in its peers: the figures then compare the programs around them.
lock benchmarks/environments/dlt benchmarks/environments/dlt/requirements.in --constraints services/warehouse/requirements.txt
lock benchmarks/environments/plots benchmarks/environments/plots/requirements.in
