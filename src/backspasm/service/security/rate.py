"""How often one caller may ask: a token bucket each (a burst of a full minute's requests, filled steadily)."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from backspasm.service.security.refusals import RefusedError

#: callers remembered; the one that was silent longest is forgotten first, and begins with a full bucket
MOST_CALLERS = 10_000


class Rates:
    """Buckets of one worker process. Used by its event loop only."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._full, self._per_second, self._clock = float(per_minute), per_minute / 60, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request. Raises RefusedError (429) with the seconds until the next one is allowed."""
        now = self._clock()
        left, since = self._buckets.pop(caller, (self._full, now))
        left = min(self._full, left + (now - since) * self._per_second)
        allowed = left >= 1
        self._buckets[caller] = (left - 1 if allowed else left, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        if not allowed:
            wait = math.ceil((1 - left) / self._per_second)
            detail = f"at most {self._full:g} a minute"
            raise RefusedError(429, "rate", "Too many requests", detail, {"Retry-After": str(wait)})
