"""The sweeper goes on, whatever the engine answers."""

import asyncio
import contextlib
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from socket_proxy.engine import Engine
from socket_proxy.settings import WorkerSettings
from socket_proxy.sweeper import sweep_forever

from .conftest import FakeEngine, json_answer

OVER: list[dict[str, Any]] = [
    {"Id": f"{number:012}" + 52 * "0", "State": "exited", "Created": 10 - number} for number in range(3)
]


def sweep(tmp_path: Path, engine: FakeEngine, *, asked: int) -> None:
    """Sweep every millisecond until the engine was asked so many times."""

    async def run(settings: WorkerSettings) -> None:
        real = Engine(settings)
        task = asyncio.create_task(sweep_forever(real, interval=0.001))
        try:
            for _ in range(10_000):
                if len(engine.asked) >= asked or task.done():
                    break
                await asyncio.sleep(0.001)
            assert not task.done(), task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
            await real.close()

    settings = WorkerSettings(
        project="shop", network="shop", image="shop/orchestrator:1", keep_finished=1, socket=tmp_path / "engine.sock"
    )
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(settings.socket))
        listening.listen(10)
        threading.Thread(target=engine.serve, args=[listening], daemon=True).start()
        asyncio.run(run(settings))
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("answer", [b"<html>", b'[{"Id": 1}]', b'{"message": "x"}'], ids=["html", "fields", "no list"])
def test_an_answer_that_cannot_be_read_does_not_end_it(
    tmp_path: Path, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
    engine = FakeEngine("label", handlers={"GET /containers/json": lambda caller: caller.sendall(head + answer)})
    sweep(tmp_path, engine, asked=4)
    assert "could not sweep" in caplog.text


@pytest.mark.parametrize("answer", [json_answer(409, {"message": "busy"}), b""], ids=["refused", "no answer"])
def test_a_container_that_cannot_be_removed_is_told_and_does_not_keep_the_others(
    tmp_path: Path, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    busy = OVER[1]["Id"]
    engine = FakeEngine(
        "label", containers=OVER, handlers={f"DELETE /containers/{busy}": lambda caller: caller.sendall(answer)}
    )
    with caplog.at_level("INFO"):
        sweep(tmp_path, engine, asked=7)  # a round has at most 5, with a repeated one: the first round has ended
    assert f"did not remove the finished run worker {busy[:12]}" in caplog.text
    assert f"removed the finished run worker {OVER[2]['Id'][:12]}" in caplog.text
