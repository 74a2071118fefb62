"""Loads batches while the source is being read."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

_WAITING = 2  # batches on disk: one that is being loaded, one that is next


class Background:
    """One thread that loads batches while the source is being read; the reader waits when it is two batches ahead."""

    def __init__(self) -> None:
        self.failed = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load")
        self._waiting: deque[Future[None]] = deque()

    def submit(self, task: Callable[[], None]) -> None:
        """Queue a task; raises what an earlier one raised."""
        while len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._guarded, task))

    def drain(self) -> None:
        """Wait for every task; raises what the first failing one raised."""
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """Forget the tasks that have not begun and wait for the one that has."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _guarded(self, task: Callable[[], None]) -> None:
        if self.failed.is_set():
            return
        try:
            task()
        except BaseException:
            self.failed.set()
            raise
