"""How many requests may work at the same time. The others wait in a line of limited length, for a limited time."""

from __future__ import annotations

import asyncio
from collections import deque

from backspasm.service.security.refusals import too_busy


class Slots:
    """Places for requests at work. Used by one event loop only."""

    def __init__(self, places: int, line: int, seconds: float) -> None:
        self._free, self._line, self._seconds = places, line, seconds
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a place. Raises RefusedError (503) where the line is full or the wait too long."""
        if self._free > 0:
            self._free -= 1
            return
        if len(self._waiting) >= self._line:
            raise too_busy("line_full", "too many requests wait already")
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._seconds):
                await turn
        except TimeoutError:
            raise too_busy("waited_too_long", f"no place became free within {self._seconds:g} s") from None
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.free()  # the place came in the same moment as the end of the wait
            raise
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)

    def free(self) -> None:
        """Give a place back: to the one who waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
