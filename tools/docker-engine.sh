#!/usr/bin/env bash
# Starts the Docker engine of a Debian machine. Installs the engine, Compose v2 and buildx first if they are missing.
# Needs root, and asks before it installs anything unless CI=true.
#
# Debian 12 has an engine from 2021 and no Compose v2. There the packages come from Debian 13 (they need only libc 2.34),
# and the rest of the system stays pinned to its release. The mirror is the one that the machine already uses.
set -euo pipefail

say() { printf '%s\n' "$*"; }
fail() { printf 'docker-engine: %s\n' "$*" >&2; exit 1; }
answers() { docker info >/dev/null 2>&1; }
complete() { docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; }

confirm() { # QUESTION
  [ "${CI:-}" = true ] && return 0
  [ -t 0 ] || fail "$1 There is no terminal to ask on. To install without a question: CI=true make docker-engine"
  read -r -p "$1 [y/N] " reply
  [[ $reply =~ ^[Yy] ]] || fail "not confirmed. Nothing was changed."
}

require_root() { [ "$(id -u)" = 0 ] || fail "$1 needs root: run 'sudo make docker-engine'."; }

install() {
  # shellcheck source=/dev/null
  . /etc/os-release
  [ "${ID:-}" = debian ] || fail "this command installs on Debian only. On ${PRETTY_NAME:-this system} follow Docker's installation guide, then run: make up"
  require_root "installing a Docker engine"
  confirm "Install the Docker engine, Compose v2 and buildx from Debian's packages?"
  if [ "${VERSION_ID:-13}" -lt 13 ]; then
    # mmdebstrap and iptables come with the machine's own release.
    local mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null \
      | grep -v '^ *#' | grep -oE '(https?|mirror\+file)://?[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' ') || true
    [ -n "$mirror" ] || fail "no Debian mirror found in /etc/apt. Add the machine's apt sources, then run: make docker-engine"
    printf 'deb [signed-by=%s] %s trixie main\n' "$keyring" "$mirror" > /etc/apt/sources.list.d/docker-engine.list
    cat > /etc/apt/preferences.d/docker-engine <<'PINS'
Package: *
Pin: release n=trixie
Pin-Priority: -10

Package: docker.io docker-cli docker-compose docker-buildx
Pin: release n=trixie
Pin-Priority: 990
PINS
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    docker.io docker-cli docker-compose docker-buildx iptables mmdebstrap >/dev/null
}

start() {
  require_root "starting the Docker engine"
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    # Without systemd (a container or a small virtual machine), start the daemon itself, detached from this terminal.
    local log=/var/log/dockerd.log
    nohup setsid dockerd >"$log" 2>&1 </dev/null &
    for _ in $(seq 200); do answers && return 0; sleep 0.3; done
    tail -n 20 "$log" >&2
    fail "the engine did not answer within a minute. The last lines of its log are above; the whole log: $log"
  fi
}

if answers && complete; then
  say "The Docker engine is already running."
else
  # A client without a daemon counts as not installed, and so does an engine without Compose v2 or buildx.
  if ! answers && ! command -v dockerd >/dev/null; then install; elif ! complete; then install; fi
  answers || start
fi
say "engine $(docker version --format '{{.Server.Version}}'), compose $(docker compose version --short)"
