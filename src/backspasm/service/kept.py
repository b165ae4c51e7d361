"""Things worked out of a request that follow from its data alone, kept for a short time: a chart that is opened again, an order
that is signed after it was selected. In memory only, bounded by number and time; the key is a digest."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


def digest_of(parts: Iterable[bytes]) -> str:
    """SHA-256 over parts that cannot be shifted into each other."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


class Kept(Generic[T]):
    """Values by key, for all threads; what was not asked for longest goes first. A value is never changed by who gets it."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._values: OrderedDict[str, tuple[T, float]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, make: Callable[[], T]) -> T:
        """The value that is kept, or else the one that ``make`` gives. What it raises is raised, and nothing is kept."""
        found = self.find(key)
        if found is not None:
            return found
        value = make()  # outside the lock: two threads may work it out at the same time, to the same value
        with self._lock:
            self._values[key] = (value, self._clock())
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def find(self, key: str) -> T | None:
        """The value that is kept, or None."""
        with self._lock:
            found = self._values.get(key)
            if found is None or self._clock() - found[1] > self._seconds:
                return None
            self._values.move_to_end(key)
            return found[0]

    def __len__(self) -> int:
        return len(self._values)
