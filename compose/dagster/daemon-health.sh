#!/bin/bash
# Succeeds when every required daemon has sent a heartbeat within the last minute. The webserver reads the heartbeats from
# Postgres. This is one HTTP request from bash, because `dagster-daemon liveness-check` takes a second of CPU each time.
set -euo pipefail
query='{"query":"{instance{daemonHealth{allDaemonStatuses{required lastHeartbeatTime}}}}"}'
exec 3<>/dev/tcp/webserver/3000
printf 'POST /graphql HTTP/1.0\r\nHost: webserver\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
  "${#query}" "$query" >&3
answer=$(cat <&3)
pattern='"required": ?true, ?"lastHeartbeatTime": ?([0-9]+|null)'
seen=0
while [[ $answer =~ $pattern ]]; do
  beat=${BASH_REMATCH[1]}
  [ "$beat" != null ] && [ $((EPOCHSECONDS - beat)) -lt 60 ] || exit 1
  answer=${answer#*"${BASH_REMATCH[0]}"}
  seen=$((seen + 1))
done
[ "$seen" -gt 0 ]
