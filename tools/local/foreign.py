"""Variables of the user's shell that belong to other projects, and would lead the platform's programs there.

With AWS_IGNORE_CONFIGURED_ENDPOINT_URLS the seed files would be uploaded to Amazon; with DBT_TARGET dbt would build
elsewhere. A variable that connections.yaml names, such as ${AWS_SESSION_TOKEN} of a source, stays. On Docker, too, the
services get no variable of the shell but the settings.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

AWS = (
    *("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_REGION", "USE_SSL"),
    *("AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"),
)
DBT = (
    *("PROFILE", "TARGET", "TARGET_PATH", "LOG_PATH", "STATE", "DEFER", "DEFER_STATE", "FAVOR_STATE", "FULL_REFRESH"),
    *("EMPTY", "SAMPLE", "RESOURCE_TYPES", "EXCLUDE_RESOURCE_TYPES", "INDIRECT_SELECTION", "STORE_FAILURES"),
    *("EVENT_TIME_START", "EVENT_TIME_END", "FAIL_FAST", "WARN_ERROR", "WARN_ERROR_OPTIONS", "INTROSPECT"),
    *("WRITE_JSON", "PARTIAL_PARSE", "LOG_FORMAT", "LOG_LEVEL", "QUIET"),
)
GOOGLE = ("GOOGLE_API_USE_MTLS_ENDPOINT",)  # with it, requests for the emulator go to Google
FOREIGN = {*AWS, *GOOGLE, *(f"{start}{option}" for start in ("DBT_", "DBT_ENGINE_") for option in DBT)}
CONNECTIONS_FILE = Path(__file__).resolve().parents[2] / "connections.yaml"
FILES = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""The profile "default" of AWS's files can have an endpoint and credentials too."""


REFERENCE = re.compile(r"\$\{(\w+)")


def without(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are not of another project, and no files of AWS's."""
    foreign = FOREIGN - _named(Path(variables.get("CONNECTIONS_FILE") or CONNECTIONS_FILE))
    return {name: value for name, value in variables.items() if name not in foreign} | FILES


def _named(file: Path) -> set[str]:
    """Return the variables that a connections file refers to; none if it cannot be read, which its readers tell."""
    try:
        return set(REFERENCE.findall(file.read_text(errors="replace")))
    except OSError:
        return set()
