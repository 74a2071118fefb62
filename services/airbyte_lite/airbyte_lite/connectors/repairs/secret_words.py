"""Masks secrets in the connector's messages."""

import re
import sys
from typing import Any

from airbyte_cdk.utils import airbyte_secrets_utils as upstream

LONG = 8
"""Characters of a secret that is masked also within a word. airbyte-lite masks all messages again by the same rule."""


def whole_words() -> None:
    """Mask a short secret only where it is a whole word.

    airbyte-cdk 7.39.1 replaces every occurrence, also within words and names of files (its other faults:
    airbytehq/airbyte#14041). With the secret `test`, the file latest.csv became la****.csv in every message.
    """
    original = upstream.filter_secrets
    for module in list(sys.modules.values()):
        if getattr(module, "filter_secrets", None) is original:
            module.filter_secrets = _filter_secrets  # type: ignore[attr-defined]


def _filter_secrets(text: str) -> str:
    secrets: list[Any] = getattr(upstream, "__SECRETS_FROM_CONFIG")  # noqa: B009 -- a name with two underscores
    for secret in sorted((str(secret) for secret in secrets if secret), key=len, reverse=True):
        pattern = re.escape(secret)
        if len(secret) < LONG:
            pattern = rf"(?<![A-Za-z0-9_]){pattern}(?![A-Za-z0-9_/]|\.\w)"
        text = re.sub(pattern, "****", text)
    return text
