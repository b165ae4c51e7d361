"""Values that follow from records alone, worked out once and kept for the patients to come."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Values by the records' identity and a key, for all threads; at most so many, the one used longest ago goes first.

    The records are held too, so that their identity is not given to others. Values must not be changed by who gets them.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[tuple[int, Hashable], tuple[object, T]] = OrderedDict()
        self._lock = Lock()

    def get(self, records: object, key: Hashable, make: Callable[[], T]) -> T:
        place = (id(records), key)
        with self._lock:
            found = self._values.get(place)
            if found is not None:
                self._values.move_to_end(place)
                return found[1]
        made = make()  # outside the lock: two threads may make the same value, to the last bit
        with self._lock:
            self._values[place] = records, made
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return made

    def __len__(self) -> int:
        return len(self._values)
