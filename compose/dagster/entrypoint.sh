#!/bin/sh
# The image is read-only and dbt writes beside its manifest: it gets a folder in /tmp, with the parsed project in it.
set -e
mkdir -p "$DBT_TARGET_PATH"
cp "$DBT_PROJECT_DIR/target/partial_parse.msgpack" "$DBT_TARGET_PATH/"
exec "$@"
