#!/usr/bin/env bash
# Locks every environment with hashes. The orchestrator is locked first and constrains the others, so that a package has
# one version across the platform and the tests can import every service in one environment.
set -euo pipefail
cd "$(dirname "$0")/.."
export UV_CUSTOM_COMPILE_COMMAND="make lock"
lock() { # DIRECTORY [uv options]
  local directory=$1
  shift
  echo "locking $directory"
  "${UV:-uv}" pip compile --quiet --python-version 3.13 --universal --generate-hashes --no-emit-index-url "$@" \
    "$directory/requirements.in" --output-file "$directory/requirements.txt"
}
same="--constraints services/orchestrator/requirements.txt"
lock services/orchestrator
lock services/airbyte_lite $same
lock services/bootstrap $same
lock services/warehouse
lock services/socket_proxy $same
lock deploy/kubernetes $same
# LocalStack 4.14.0 does not start with releases newer than its own date (cbor2 6, pyOpenSSL 26).
lock compose/stand-in/localstack --exclude-newer 2026-03-05
lock services/airbyte_lite/connectors/source-s3 --overrides services/airbyte_lite/connectors/source-s3/overrides.txt
lock tests $same --constraints services/airbyte_lite/requirements.txt --constraints services/bootstrap/requirements.txt \
  --constraints services/socket_proxy/requirements.txt
