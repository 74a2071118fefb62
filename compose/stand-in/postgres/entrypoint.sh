#!/bin/bash
# Creates the database in an empty volume, then runs the server. Supports the variables of the official image that this
# platform uses.
set -Eeuo pipefail
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?POSTGRES_PASSWORD is not set}" "${POSTGRES_USER:=postgres}" "${POSTGRES_DB:=$POSTGRES_USER}"
  # Creates the database in a temporary folder and moves it at the end, so that a killed first start can be repeated.
  new=$PGDATA/.new
  rm -rf "$new"
  initdb --pgdata="$new" --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") --auth-host=scram-sha-256
  printf '\nhost all all all scram-sha-256\n' >> "$new/pg_hba.conf"
  [ "$POSTGRES_DB" = postgres ] || printf 'CREATE DATABASE "%s"\n' "$POSTGRES_DB" \
    | postgres --single -D "$new" -j postgres >/dev/null
  version=$(<"$new/PG_VERSION")
  rm "$new/PG_VERSION"
  mv "$new"/* "$PGDATA/"
  echo "$version" > "$PGDATA/PG_VERSION"
  rmdir "$new"
fi
chmod 700 "$PGDATA" 2>/dev/null || true
exec "$@"
