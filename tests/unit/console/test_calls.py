"""A call of a service ends in time, and with one kind of error that names the next command."""

import asyncio
import threading
import time

import pytest

from console.clients.calls import THREADS, Service, ServiceError, reason


def test_a_call_returns_what_the_function_returns() -> None:
    assert asyncio.run(Service("s3", "S3", "make logs s=localstack").call(divmod, 7, 2)) == (3, 1)


def test_a_failure_names_the_service_and_the_next_command() -> None:
    def fail() -> None:
        raise KeyError("orders")

    with pytest.raises(ServiceError, match=r"S3.*orders") as failure:
        asyncio.run(Service("s3", "S3", "make logs s=localstack").call(fail))
    assert failure.value.remedy == "make logs s=localstack"


def test_a_hung_service_holds_up_itself_only() -> None:
    release = threading.Event()
    hung, other = Service("s3", "S3", ""), Service("airbyte", "Airbyte", "")

    async def ask() -> float:
        waiting = [asyncio.create_task(hung.limited(0.05, release.wait, 5)) for _ in range(THREADS * 3)]
        await asyncio.sleep(0)
        started = time.monotonic()
        assert await other.call(lambda: "answer") == "answer"
        took = time.monotonic() - started
        failures = await asyncio.gather(*waiting, return_exceptions=True)
        assert {str(failure) for failure in failures} == {"S3: no answer within 0.05 seconds"}
        release.set()
        return took

    assert asyncio.run(ask()) < 0.05


def test_a_reason_is_one_short_line() -> None:
    assert reason(ValueError("first\nsecond")) == "first"
    assert reason(TimeoutError()) == "TimeoutError"
    assert len(reason(ValueError("x" * 10_000))) == 500
