"""The log of a job is read piece by piece: a page keeps only the end, and the download has the whole log."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing

import httpx
import pytest

from console.clients import airbyte as client_of_airbyte
from console.clients.airbyte import LONG_ANSWERS, Airbyte
from console.clients.calls import ServiceError
from console.logic.airbyte import logs
from console.logic.airbyte.logs import CHARACTERS, LINES, Log, Reader, Tail
from console.settings import Settings

ATTEMPTS = [
    {
        "attempt": {"failureSummary": {"failures": [{"externalMessage": "first", "failureType": "system_error"}]}},
        "logs": {"logLines": ["\u001b[32ma\u001b[0m", '"quoted" \u202e </script>']},
    },
    {"attempt": {}, "logs": {"events": [{"timestamp": 1762344000000, "level": "info", "message": "<b>C</b>"}]}},
]
SHOWN = ["a", '"quoted" \u202e </script>', "Attempt 2", "2025-11-05 12:00:00 INFO <b>C</b>"]
LARGE_LINES = 50_000


class Pieces(httpx.AsyncByteStream):
    """An answer that is sent in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def airbyte(pieces: Callable[[], Iterator[bytes]], status: int = 200) -> Airbyte:
    """Return the client of an Airbyte with this answer. It asks for a token first."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t"})
        if request.headers.get("Authorization") != "Bearer t":
            return httpx.Response(401)
        assert request.url.path.endswith("/jobs/get")
        return httpx.Response(status, stream=Pieces(pieces()))

    given = {"AIRBYTE_CLIENT_ID": "id", "AIRBYTE_CLIENT_SECRET": "secret"}
    return Airbyte(Settings.read(given), httpx.MockTransport(answer))


def short(size: int = 7) -> Iterator[bytes]:
    whole = json.dumps({"job": {"status": "running"}, "attempts": ATTEMPTS}).encode()
    return (whole[at : at + size] for at in range(0, len(whole), size))


def large() -> Iterator[bytes]:
    """Yield a log of 6 MB."""
    yield b'{"job": {"status": "failed"}, "attempts": [{"logs": {"logLines": ['
    for at in range(0, LARGE_LINES, 500):
        yield b"".join(b'"line %7d %s",' % (number, b"x" * 105) for number in range(at, at + 500))
    yield b'"the last"]}}]}'


def end(pieces: Callable[[], Iterator[bytes]], wanted: str = "") -> Log:
    return asyncio.run(logs.end(airbyte(pieces), 7, wanted))


def test_the_log_of_every_attempt_and_of_a_newer_airbyte() -> None:
    found = end(short)
    assert found.lines == SHOWN
    assert (found.failure, found.origin, found.status) == ("first", "the platform", "running")


def test_a_search_is_in_the_whole_log() -> None:
    found = end(short, "c</B")
    assert (found.lines, found.found, found.total) == (SHOWN[3:], 1, 4)
    first = end(large, "line       3 ")
    assert (len(first.lines), first.total) == (1, LARGE_LINES + 1)


def test_a_large_log_is_not_kept_in_memory() -> None:
    tracemalloc.start()
    found = end(large)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.total, found.lines[-1], found.status) == (LARGE_LINES + 1, "the last", "failed")
    assert len(found.lines) == LINES
    assert found.characters > 5_000_000
    assert peak < 2_500_000, f"{peak:,} bytes for a log of {found.characters:,}"


def test_the_end_is_bounded_in_lines_and_characters() -> None:
    tail = Tail()
    for number in range(LINES + 5):
        tail.add(str(number))
    assert (len(tail.lines), tail.lines[0]) == (LINES, "5")
    tail.add("x" * (CHARACTERS // 2))
    tail.add("y" * CHARACTERS)
    assert [len(line) for line in tail.lines] == [CHARACTERS - 1]
    assert tail.lines[0].startswith("…")


def test_the_download_has_all_lines_and_frees_its_place_when_the_browser_goes() -> None:
    async def downloads() -> int:
        client = airbyte(large)
        async with asyncio.timeout(10):
            for _ in range(LONG_ANSWERS + 1):
                async with aclosing(logs.whole(client, 7, Reader(), download=True)) as parts:
                    await anext(parts)
        parts = logs.whole(airbyte(large), 7, Reader())
        return sum([len(lines) async for lines in parts])

    assert asyncio.run(downloads()) == LARGE_LINES + 1


@pytest.mark.parametrize("answer", [b"<html>Sign in</html>", b'{"job": {"status": "running"}, "attempts": [{"lo'])
def test_an_answer_that_is_not_whole_is_an_error(answer: bytes) -> None:
    with pytest.raises(ServiceError, match="job 7"):
        end(lambda: iter([answer]))


def test_a_refusal_has_the_message_of_airbyte() -> None:
    with pytest.raises(ServiceError, match=r"404 to POST .*no such job"):
        asyncio.run(logs.end(airbyte(lambda: iter([b'{"message": "no such job"}']), 404), 7))


def test_downloads_that_nobody_reads_do_not_stop_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read() -> Log:
        client = airbyte(large)
        for _ in range(LONG_ANSWERS):
            stalled.append(logs.whole(client, 7, Reader(), download=True))
            await anext(stalled[-1])
        with pytest.raises(ServiceError, match="downloads 3 logs") as told:
            await anext(logs.whole(client, 7, Reader(), download=True))
        assert "again" in told.value.remedy
        found = await logs.end(client, 7)
        for each in stalled:
            await each.aclose()
        return found

    stalled: list[AsyncGenerator[list[str]]] = []
    monkeypatch.setattr(client_of_airbyte, "SLOT_SECONDS", 0.01)
    assert asyncio.run(read()).lines[-1] == "the last"


def test_lines_and_events_of_any_kind() -> None:
    lines = ["a", None, 1, {"not": "a line"}, "b"]
    events = ["plain", None, ["x"], {"level": None, "message": "no level"}, {"level": "warn", "message": None}]
    answer = {"job": {"status": "failed"}, "attempts": [{"logs": {"logLines": lines, "events": events}}]}
    found = end(lambda: iter([json.dumps(answer).encode()]))
    assert found.lines == ["a", "1", "b", "plain", "no level", "WARN"]
    assert found.status == "failed"
