"""Masks secrets in the connector's messages."""

import re
import sys
from typing import Any

from airbyte_cdk.utils import airbyte_secrets_utils as upstream

SHORTEST, LONG_WITH_DIGITS, LONG = 4, 6, 8
"""Characters of the shortest secret that is masked, and of one that is masked also within a word.

airbyte-lite masks every message again, by the same rule (platform_kit.redaction).
"""


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
    secrets: list[Any] = getattr(upstream, "__SECRETS_FROM_CONFIG")
    for secret in sorted((text for text in map(str, secrets) if len(text) >= SHORTEST), key=len, reverse=True):
        pattern = re.escape(secret)
        if len(secret) < (LONG if secret.isalpha() else LONG_WITH_DIGITS):
            pattern = rf"(?<![A-Za-z0-9_]){pattern}(?![A-Za-z0-9_]|\.\w)(?:(?<=/{pattern})|(?!/))"
        text = re.sub(pattern, "****", text)
    return text
