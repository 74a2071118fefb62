"""The combinations of Airbyte and warehouse that the platform supports, and what each combination needs."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from tools.settings_table import TABLE
from tools.stack.findings import Finding

AIRBYTES, WAREHOUSES = TABLE["AIRBYTE_MODE"].values, TABLE["WAREHOUSE"].values
EXPERIMENTAL = ("compose", "external")
KEY = "GOOGLE_APPLICATION_CREDENTIALS"
LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - for comparison, nothing listens on it
CLOUD = ("cloud.airbyte.com", "api.airbyte.com")


@dataclass(frozen=True)
class Mode:
    """A combination of Airbyte and warehouse, and what it needs of the machine."""

    airbyte: str
    warehouse: str

    @property
    def memory(self) -> float:
        """The minimum in GiB.

        The platform takes 1.0 idle, 0.4 for a run worker and 0.3 for a sync. The real Airbyte takes 2.5 idle and 2 for
        a sync.
        """
        return 7.0 if self.airbyte == "compose" else 2.5

    @property
    def cpus(self) -> int:
        """The recommended number of processors. With fewer the platform works, but slowly."""
        return 4 if self.airbyte == "compose" else 2

    @property
    def disk(self) -> float:
        """The disk space for images and build cache, in GiB. The real Airbyte's images take 4, its connectors' 2.5."""
        return 14.0 if self.airbyte == "compose" else 7.0

    @property
    def ports(self) -> list[str]:
        """The names of the settings of the published ports."""
        own = {self.airbyte, self.warehouse}
        return [item.name for item in TABLE.values() if item.port_of and (not item.modes or own & set(item.modes))]


def setting(variables: dict[str, str], name: str) -> str | None:
    """Return the value that Compose uses: the environment's, else that of .env, else None."""
    return os.environ.get(name, variables.get(name))


def mode(variables: dict[str, str]) -> Mode:
    """Return the configured mode without validating it."""
    return Mode(setting(variables, "AIRBYTE_MODE") or "", setting(variables, "WAREHOUSE") or "")


def used(variables: dict[str, str]) -> dict[str, str]:
    """Return the settings that these modes use and whose values are known.

    The modes and the ports have checks of their own. A `$` is expanded by Compose only.
    """
    own = mode(variables)
    return {
        name: value
        for name, value in variables.items()
        if name in TABLE and name not in ("AIRBYTE_MODE", "WAREHOUSE") and not TABLE[name].port_of and "$" not in value
        if not TABLE[name].modes or {own.airbyte, own.warehouse} & {*TABLE[name].modes}
    }


def optional(variables: dict[str, str]) -> set[str]:
    """Return the settings that .env may leave out: an external Airbyte needs one of two pairs of credentials."""
    return {item.name for item in TABLE.values() if mode(variables).airbyte in item.optional_in}


def environment(variables: dict[str, str]) -> dict[str, str]:
    """Return the environment for Compose.

    It is this process's. GOOGLE_APPLICATION_CREDENTIALS is empty unless the warehouse is BigQuery, because a shell may
    have the variable for another purpose.
    """
    return dict(os.environ) | ({} if mode(variables).warehouse == "bigquery" else {KEY: ""})


def check(variables: dict[str, str]) -> list[Finding]:
    """Check that both modes are valid, that they can be combined, and that .env has the settings that they need."""
    found = mode(variables)
    name = f"AIRBYTE_MODE={found.airbyte}, WAREHOUSE={found.warehouse}"
    if found.airbyte not in AIRBYTES:
        return [Finding("fail", f"AIRBYTE_MODE={found.airbyte}: not one of {', '.join(AIRBYTES)}", "edit .env")]
    if found.warehouse not in WAREHOUSES:
        return [Finding("fail", f"WAREHOUSE={found.warehouse}: not one of {', '.join(WAREHOUSES)}", "edit .env")]
    if found.warehouse == "emulator" and found.airbyte != "lite":
        return [
            Finding(
                "fail",
                f"{name}: the real Airbyte cannot write to the emulator: its BigQuery connector has no endpoint option",
                f"set AIRBYTE_MODE=lite, or WAREHOUSE=bigquery and {KEY}, in .env",
            )
        ]
    findings = check_profiles(variables, found)
    if found.warehouse == "bigquery" and not setting(variables, KEY):
        what = f"WAREHOUSE=bigquery needs a service account key, and {KEY} is not set"
        findings.append(Finding("fail", what, f"set {KEY}=/…/key.json in .env"))
    if found.airbyte == "external":
        findings += check_external(variables)
    return findings or [Finding("ok", name), *check_experimental(found)]


def check_experimental(found: Mode) -> list[Finding]:
    """Warn about the modes that nobody has run against a real Airbyte yet."""
    if found.airbyte not in EXPERIMENTAL:
        return []
    what = f"AIRBYTE_MODE={found.airbyte} is experimental: it has not been run against a real Airbyte yet"
    return [Finding("warn", what, "docs/modes.md says what was checked instead; AIRBYTE_MODE=lite is the tested mode")]


def check_profiles(variables: dict[str, str], found: Mode) -> list[Finding]:
    """Check that COMPOSE_PROFILES names the two modes and stands below them in .env.

    `variables` must have the order of .env.
    """
    value = setting(variables, "COMPOSE_PROFILES") or ""
    above = list(variables)[: list(variables).index("COMPOSE_PROFILES")] if "COMPOSE_PROFILES" in variables else []
    # Compose reads a reference to a later line as empty, unless the environment has the variable.
    late = [name for name in variables if f"${{{name}}}" in value and name not in above and name not in os.environ]
    if late:
        what = (
            f"COMPOSE_PROFILES stands above {' and '.join(late)} in .env: Compose cannot use a value from a later line"
        )
        return [Finding("fail", what, "move the line COMPOSE_PROFILES below AIRBYTE_MODE and WAREHOUSE in .env")]
    value = value.replace("${AIRBYTE_MODE}", found.airbyte).replace("${WAREHOUSE}", found.warehouse)
    if {profile.strip() for profile in value.split(",")} == {found.airbyte, found.warehouse}:
        return []
    right = "COMPOSE_PROFILES=${AIRBYTE_MODE},${WAREHOUSE}"
    what = f"COMPOSE_PROFILES={value} does not name the two modes, so Compose would start other services"
    return [Finding("fail", what, f"set {right} in .env")]


def check_external(variables: dict[str, str]) -> list[Finding]:
    """Check the address, the credentials and the S3 of an external Airbyte."""
    findings = []
    url = setting(variables, "AIRBYTE_URL") or ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"/api(/|$)", parts.path):
        what = (
            f"AIRBYTE_URL={url}: not an http or https address of an Airbyte without /api"
            if url
            else "AIRBYTE_MODE=external needs the address of the Airbyte, and AIRBYTE_URL is not set"
        )
        findings.append(Finding("fail", what, "set AIRBYTE_URL=https://airbyte.example.com in .env, without /api"))
    elif parts.hostname in LOOPBACK:
        what = f"AIRBYTE_URL={url}: inside a container, {parts.hostname} is the container itself"
        mend = "set AIRBYTE_URL to this machine's address in the network, in .env: see docs/external-airbyte.md"
        findings.append(Finding("fail", what, mend))
    findings += check_cloud(variables, parts.hostname)
    client = [bool(setting(variables, name)) for name in ("AIRBYTE_CLIENT_ID", "AIRBYTE_CLIENT_SECRET")]
    login = [bool(setting(variables, name)) for name in ("AIRBYTE_USERNAME", "AIRBYTE_PASSWORD")]
    if sorted((all(client), all(login))) != [False, True] or (any(client) and any(login)):
        what = "AIRBYTE_MODE=external needs one pair of credentials: client id and secret, or user name and password"
        mend = (
            "set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET in .env; or leave both empty and set AIRBYTE_USERNAME and "
            "AIRBYTE_PASSWORD"
        )
        findings.append(Finding("fail", what, mend))
    if setting(variables, "AWS_ENDPOINT_URL_S3") is None:
        what = "AWS_ENDPOINT_URL_S3 is not set, and an external Airbyte cannot read this machine's LocalStack"
        mend = (
            "set AWS_ENDPOINT_URL_S3 in .env (empty for Amazon S3), and the keys of that S3 in AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        )
        findings.append(Finding("fail", what, mend))
    return findings


def check_cloud(variables: dict[str, str], hostname: str | None) -> list[Finding]:
    """Check the settings that only Airbyte Cloud needs: the address of its public API, and its workspace."""
    public, workspace = (setting(variables, f"AIRBYTE_{name}") or "" for name in ("PUBLIC_API_URL", "WORKSPACE_ID"))
    if not public and hostname not in CLOUD:
        return []
    given = setting(variables, "AIRBYTE_URL"), public
    parts = urlsplit(public)
    if hostname == CLOUD[1] or parts.scheme not in ("http", "https") or not parts.hostname:
        what = f"AIRBYTE_URL={given[0]}, AIRBYTE_PUBLIC_API_URL={given[1]}: not the two addresses of Airbyte Cloud"
        right = "AIRBYTE_URL=https://cloud.airbyte.com and AIRBYTE_PUBLIC_API_URL=https://api.airbyte.com/v1"
        return [Finding("fail", what, f"set {right} in .env")]
    if not workspace:
        what = "AIRBYTE_WORKSPACE_ID is not set: on Airbyte Cloud, bootstrap cannot create a workspace"
        return [
            Finding(
                "fail", what, "set AIRBYTE_WORKSPACE_ID in .env; it is part of the address of the workspace's pages"
            )
        ]
    return []
