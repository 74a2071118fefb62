import json
from typing import Any

import pytest

from airbyte_as_code import google_key
from connections_file.expansion import UNKNOWN

KEY = {"type": "service_account", "client_email": "a@b", "private_key": "-----BEGIN PRIVATE KEY-----\nx"}


@pytest.mark.parametrize(
    ("text", "is_key"),
    [
        ("", True),  # no key: Google's own way of finding credentials
        (UNKNOWN, True),
        (json.dumps(KEY), True),
        (json.dumps({"type": "authorized_user"}), True),
        (json.dumps(KEY | {"private_key": "x"}), False),
        (json.dumps(KEY | {"client_email": ""}), False),
        ("/keys/google.json", False),
        ("[]", False),
    ],
)
def test_a_text_that_is_no_key_of_google_is_found(text: str, is_key: bool) -> None:
    configuration: dict[str, Any] = {"credentials_json": text}
    told = google_key.fault("destination-bigquery", configuration)
    assert (told is None) is is_key
    assert is_key or "credentials_json" in (told or "")
    assert google_key.fault("destination-s3", configuration) is None
