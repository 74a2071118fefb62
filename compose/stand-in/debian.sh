#!/usr/bin/env bash
# Makes a Debian base image from Debian packages and imports it with a name. Usage: debian.sh NAME SUITE.
# The image has this machine's CA certificates, so that apt, pip and uv trust the same servers in builds.
# Two runs differ only in the versions of the packages.
set -euo pipefail
name=$1 suite=$2
command -v mmdebstrap >/dev/null || {
  echo "stand-in: mmdebstrap not found; building $name needs it. Install it: apt-get install mmdebstrap, then make images" >&2
  exit 1
}
# shellcheck disable=SC2016 # mmdebstrap replaces $1 in the hooks: the new root folder
# The image gets its name last, so that a failed mmdebstrap does not leave an empty image with this name.
image=$(mmdebstrap --quiet --variant=minbase --include=ca-certificates,netbase \
  --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --customize-hook='for f in /usr/local/share/ca-certificates/*.crt; do [ ! -e "$f" ] || cp "$f" "$1/usr/local/share/ca-certificates/"; done; chroot "$1" update-ca-certificates >/dev/null 2>&1' \
  --customize-hook='printf "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\ndisable-pip-version-check = true\n" > "$1/etc/pip.conf"' \
  --customize-hook='printf "#!/bin/sh\nexit 101\n" > "$1/usr/sbin/policy-rc.d"; chmod +x "$1/usr/sbin/policy-rc.d"' \
  --customize-hook='rm -f "$1/etc/resolv.conf" "$1/etc/hostname"' \
  "$suite" - \
| docker import --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' --change 'CMD ["bash"]' -)
docker tag "$image" "$name"
