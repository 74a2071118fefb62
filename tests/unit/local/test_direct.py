"""Requests to the platform's services."""

import urllib.request

import pytest

from tools.direct import open_url


def test_the_machines_certificates_are_not_read_for_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    request = urllib.request.Request("http://127.0.0.1:9/")
    with pytest.raises(OSError, match="refused"):
        open_url(request, timeout=1)
    monkeypatch.setattr("ssl._create_default_https_context", lambda: pytest.fail("read again"))
    with pytest.raises(OSError, match="refused"):
        open_url(request, timeout=1)
