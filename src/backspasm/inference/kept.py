"""Arrays that are worked out once and kept, within a bound of memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from backspasm.inference.logit_normal import Array

#: most that is kept for one set of numbers: all answers of some two settings and age groups at 1,000 draws
MOST_BYTES = 256 * 2**20


class Kept:
    """A store of read-only arrays; beyond ``most_bytes`` the one used longest ago is dropped. Safe between threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._arrays: OrderedDict[Hashable, Array] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Array]) -> Array:
        """The array of this key, made on first use."""
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
                return self._arrays[key]
        made = make()  # outside the lock: two threads may make the same array, and it is the same to the last bit
        made.flags.writeable = False
        with self._lock:
            if key not in self._arrays:
                self._arrays[key] = made
                self.bytes += made.nbytes
            while self.bytes > self.most_bytes and len(self._arrays) > 1:
                _, dropped = self._arrays.popitem(last=False)
                self.bytes -= dropped.nbytes
        return made
