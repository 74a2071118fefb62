"""Loads batches in a thread while the source is being read."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

_WAITING = 2  # batches that are loaded or wait for their load; the disk holds these and the open batch


class Background:
    """Runs tasks in one thread, in their order. After a failed task, the later tasks are not run."""

    def __init__(self) -> None:
        self.failed = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load")
        self._waiting: deque[Future[None]] = deque()

    def submit(self, task: Callable[[], None]) -> None:
        """Queue a task. If two tasks are queued, wait for the first. Raises the exception of an earlier failed task."""
        while len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._guarded, task))

    def drain(self) -> None:
        """Wait for every task. Raises the exception of the first failed task."""
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """Drop the queued tasks and wait for the end of the running task."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _guarded(self, task: Callable[[], None]) -> None:
        if self.failed.is_set():
            return
        try:
            task()
        except BaseException:
            self.failed.set()
            raise
