"""Which Airbyte and which warehouse go together, what each needs, and why the others are refused."""

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
LOOPBACK = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - recognised, not listened on
CLOUD = ("cloud.airbyte.com", "api.airbyte.com")


@dataclass(frozen=True)
class Mode:
    """The two settings, and what they take of the machine, in GiB."""

    airbyte: str
    warehouse: str

    @property
    def memory(self) -> float:
        """What it takes at least: 1.0 idle, 0.4 a run worker, 0.3 a sync; the real Airbyte 2.5 idle, 2 a sync."""
        return 7.0 if self.airbyte == "compose" else 2.5

    @property
    def cpus(self) -> int:
        """Fewer do, slowly."""
        return 4 if self.airbyte == "compose" else 2

    @property
    def disk(self) -> float:
        """Images with their build cache; the real Airbyte's are 4 GiB, and its connectors' 2.5."""
        return 14.0 if self.airbyte == "compose" else 7.0

    @property
    def ports(self) -> list[str]:
        """The variables of the ports that are published."""
        own = {self.airbyte, self.warehouse}
        return [item.name for item in TABLE.values() if item.port_of and (not item.modes or own & set(item.modes))]


def setting(variables: dict[str, str], name: str) -> str | None:
    """Return a variable as Compose has it: the environment comes before .env; None when neither names it."""
    return os.environ.get(name, variables.get(name))


def mode(variables: dict[str, str]) -> Mode:
    """Return the mode that is set, whether it is one or not."""
    return Mode(setting(variables, "AIRBYTE_MODE") or "", setting(variables, "WAREHOUSE") or "")


def optional(variables: dict[str, str]) -> set[str]:
    """Return what .env need not have: an Airbyte elsewhere takes either pair of credentials (check_external)."""
    return {item.name for item in TABLE.values() if mode(variables).airbyte in item.optional_in}


def environment(variables: dict[str, str]) -> dict[str, str]:
    """Return our environment for Compose: a Google key that a shell has for something else stays out of it."""
    return dict(os.environ) | ({} if mode(variables).warehouse == "bigquery" else {KEY: ""})


def check(variables: dict[str, str]) -> list[Finding]:
    """Check that the two settings are known and go together, and that what they need is in .env."""
    found = mode(variables)
    name = f"AIRBYTE_MODE={found.airbyte}, WAREHOUSE={found.warehouse}"
    if found.airbyte not in AIRBYTES:
        return [Finding("fail", f"AIRBYTE_MODE={found.airbyte}: there are {', '.join(AIRBYTES)}", "edit .env")]
    if found.warehouse not in WAREHOUSES:
        return [Finding("fail", f"WAREHOUSE={found.warehouse}: there are {', '.join(WAREHOUSES)}", "edit .env")]
    if found.warehouse == "emulator" and found.airbyte != "lite":
        return [
            Finding(
                "fail",
                f"{name}: real Airbyte cannot write to an emulator: its BigQuery connector has no endpoint setting",
                "WAREHOUSE=bigquery with a key, or AIRBYTE_MODE=lite, in .env",
            )
        ]
    findings = check_profiles(variables, found)
    if found.warehouse == "bigquery" and not setting(variables, KEY):
        findings.append(Finding("fail", "WAREHOUSE=bigquery needs a service account key", f"{KEY}=/…/key.json in .env"))
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
    """Check that Compose's profiles are those of the modes, and come after them in .env, whose order variables have."""
    value = setting(variables, "COMPOSE_PROFILES") or ""
    above = list(variables)[: list(variables).index("COMPOSE_PROFILES")] if "COMPOSE_PROFILES" in variables else []
    # Compose takes a line that stands further down for empty, unless the environment has the variable.
    late = [name for name in variables if f"${{{name}}}" in value and name not in above and name not in os.environ]
    if late:
        what = f"COMPOSE_PROFILES stands above {' and '.join(late)} in .env: Compose takes what it refers to for empty"
        return [Finding("fail", what, "move the line COMPOSE_PROFILES below AIRBYTE_MODE and WAREHOUSE, in .env")]
    value = value.replace("${AIRBYTE_MODE}", found.airbyte).replace("${WAREHOUSE}", found.warehouse)
    if {profile.strip() for profile in value.split(",")} == {found.airbyte, found.warehouse}:
        return []
    right = "COMPOSE_PROFILES=${AIRBYTE_MODE},${WAREHOUSE}"
    return [Finding("fail", f"COMPOSE_PROFILES={value} starts other services than the modes", f"{right} in .env")]


def check_external(variables: dict[str, str]) -> list[Finding]:
    """Check address, credentials and storage of an Airbyte that runs elsewhere."""
    findings = []
    url = setting(variables, "AIRBYTE_URL") or ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"/api(/|$)", parts.path):
        what = (
            f"AIRBYTE_URL={url} is not the address of an Airbyte" if url else "AIRBYTE_MODE=external needs an address"
        )
        findings.append(Finding("fail", what, "AIRBYTE_URL=https://airbyte.example.com in .env, without /api"))
    elif parts.hostname in LOOPBACK:
        what = f"AIRBYTE_URL={url}: in a container, {parts.hostname} is the container itself"
        findings.append(
            Finding(
                "fail",
                what,
                "another AIRBYTE_URL in .env, this machine's address in the network: docs/external-airbyte.md",
            )
        )
    findings += check_cloud(variables, parts.hostname)
    client = [bool(setting(variables, name)) for name in ("AIRBYTE_CLIENT_ID", "AIRBYTE_CLIENT_SECRET")]
    login = [bool(setting(variables, name)) for name in ("AIRBYTE_USERNAME", "AIRBYTE_PASSWORD")]
    if sorted((all(client), all(login))) != [False, True] or (any(client) and any(login)):
        what = "AIRBYTE_MODE=external takes a client id and secret, or a name and a password, one of the two pairs"
        findings.append(
            Finding(
                "fail", what, "AIRBYTE_CLIENT_ID and _SECRET in .env, or empty, with AIRBYTE_USERNAME and _PASSWORD"
            )
        )
    if setting(variables, "AWS_ENDPOINT_URL_S3") is None:
        what = "an Airbyte that runs elsewhere cannot read this machine's LocalStack"
        findings.append(Finding("fail", what, "AWS_ENDPOINT_URL_S3= (empty: Amazon's own) and its keys in .env"))
    return findings


def check_cloud(variables: dict[str, str], hostname: str | None) -> list[Finding]:
    """Check what Airbyte Cloud needs besides: the address of its public API, and the workspace that it made."""
    public, workspace = (setting(variables, f"AIRBYTE_{name}") or "" for name in ("PUBLIC_API_URL", "WORKSPACE_ID"))
    if not public and hostname not in CLOUD:
        return []
    given = setting(variables, "AIRBYTE_URL"), public
    parts = urlsplit(public)
    if hostname == CLOUD[1] or parts.scheme not in ("http", "https") or not parts.hostname:
        what = f"AIRBYTE_URL={given[0]}, AIRBYTE_PUBLIC_API_URL={given[1]} are not the two addresses of Airbyte Cloud"
        right = "AIRBYTE_URL=https://cloud.airbyte.com and AIRBYTE_PUBLIC_API_URL=https://api.airbyte.com/v1 in .env"
        return [Finding("fail", what, right)]
    if not workspace:
        what = "Airbyte Cloud needs the id of a workspace: bootstrap cannot make one there"
        return [Finding("fail", what, "AIRBYTE_WORKSPACE_ID in .env, from the address of the workspace's pages")]
    return []
