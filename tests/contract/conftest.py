"""The two generations of Airbyte, each on a port of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .airbyte_fake import GENERATIONS, Fake, serve


@pytest.fixture(params=GENERATIONS)
def airbyte(request: pytest.FixtureRequest, no_certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """An empty Airbyte; the environment names it and holds its credentials."""
    with serve(request.param) as fake:
        for name in ("CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD"):
            monkeypatch.delenv(f"AIRBYTE_{name}", raising=False)
        for name, value in {"AIRBYTE_URL": fake.url, **fake.credentials}.items():
            monkeypatch.setenv(name, value)
        yield fake
        assert fake.undocumented == []  # every field that was sent is one that this generation's document names
