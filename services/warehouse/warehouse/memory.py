"""Caches values read from DuckDB until they are written again: one query needs the same values many times."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from typing import Any

ENTRIES = 4000  # of each kind; the resource of a table has about 2 kB


class Memory:
    """Values by kind and key. A value that another thread changes while it is read is not kept."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._lock = threading.Lock()
        self._kept: defaultdict[str, dict[Hashable, Any]] = defaultdict(dict)
        self._writes: Counter[str] = Counter()

    def get[T](self, kind: str, key: Hashable, read: Callable[[], T]) -> T:
        """Return the value that is kept; otherwise call `read` and keep its value."""
        with self._lock:
            kept, writes = self._kept[kind], self._writes[kind]
            if key in kept:
                value: T = kept[key]
                return value
        value = read()
        with self._lock:
            if self._writes[kind] == writes:
                if len(kept) >= ENTRIES:
                    kept.clear()
                kept[key] = value
        return value

    def forget(self, kind: str, key: Hashable = None) -> None:
        """Forget one value of a kind, or all. To be called after each write, also after one that failed."""
        with self._lock:
            self._writes[kind] += 1
            if key is None:
                self._kept[kind].clear()
            else:
                self._kept[kind].pop(key, None)


kept = Memory()
