"""Few connector commands run at once; beyond a short wait the answer is 503."""

import threading
import time
from collections.abc import Callable

import pytest

from airbyte_lite.connectors import slots as module
from airbyte_lite.connectors.slots import Slots
from airbyte_lite.problem import Problem


def take(slots: Slots, gone: Callable[[], bool] = lambda: False) -> int:
    try:
        with slots.take(gone):
            return 200
    except Problem as problem:
        return problem.status


def test_one_more_waits_for_its_turn_and_the_others_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    slots, statuses = Slots(2), []
    with slots.take():
        with slots.take():
            waiting = threading.Thread(target=lambda: statuses.append(take(slots)))
            waiting.start()
            while not slots._waiting:
                time.sleep(0.001)
            assert take(slots) == 503
            assert statuses == []
        waiting.join(5)
    assert statuses == [200]


def test_wait_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.01)
    slots = Slots(1)
    with slots.take():
        assert take(slots) == 503
    assert take(slots) == 200


def test_client_that_has_gone_does_not_wait() -> None:
    slots, gone = Slots(1), threading.Event()
    with slots.take():
        waiting = threading.Thread(target=take, args=(slots, gone.is_set))
        waiting.start()
        gone.set()
        slots.wake()
        waiting.join(5)
        assert not waiting.is_alive()
    assert take(slots) == 200
