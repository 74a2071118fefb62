"""Downloads of every kind: they end when the browser reads nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

import console
from console.parts import sent_files


def test_a_download_ends_when_the_browser_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def content() -> AsyncIterator[str]:
        yield "a line"

    async def send(message: Message) -> None:
        if message.get("body"):
            await asyncio.Event().wait()

    async def receive() -> Message:
        raise AssertionError

    monkeypatch.setattr(sent_files, "STALLED_SECONDS", 0.0)
    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    with pytest.raises(ClientDisconnect):
        asyncio.run(sent_files.SentFile(content())(scope, receive, send))


def test_no_page_sends_a_file_without_that_limit() -> None:
    package = Path(str(console.__file__)).parent
    code = {str(path.relative_to(package)): path.read_text() for path in package.rglob("*.py")}
    assert [name for name, text in code.items() if "StreamingResponse" in text] == ["parts/sent_files.py"]
    senders = {name for name, text in code.items() if "return SentFile(" in text}
    assert senders == {"pages/job_log.py", "pages/downloads.py", "pages/transfers.py"}
