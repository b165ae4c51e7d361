"""Answers given again. The same input and the same knowledge give the same bytes, so an answer that was given may be given again to
the very same question (method, path, query, content type, accepted form, day and body). A route says that it is such a route by
``opt={"repeatable": True}``.

Kept in memory only, for a limited time, within a limited size; the key is a digest, the value an answer about a patient.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from backspasm.service.kept import digest_of
from backspasm.service.security.audited import Assessed
from backspasm.service.security.refusals import too_busy


class Answer(msgspec.Struct, frozen=True):
    """A whole answer, with what the audit trail was told of it."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    route: str
    assessed: Assessed | None


def question(method: str, path: str, query: bytes, headers: Mapping[str, str], body: bytes) -> str:
    """The identity of a question. The day belongs to it, since an age may change overnight."""
    today = datetime.now(UTC).date().isoformat()
    asked = (method, path, headers.get("content-type", ""), headers.get("accept", ""), today)
    return digest_of((*(part.encode() for part in asked), query, body))


class Repeats:
    """Answers by question; the one that was not asked for longest goes first. Used by one event loop only."""

    def __init__(self, most_bytes: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._clock = most_bytes, seconds, clock
        self._kept: OrderedDict[str, tuple[Answer, float]] = OrderedDict()
        self._size = 0

    def get(self, key: str) -> Answer | None:
        found = self._kept.get(key)
        if found is None:
            return None
        answer, since = found
        if self._clock() - since > self._seconds:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return answer

    def put(self, key: str, answer: Answer) -> None:
        if len(answer.body) > self._most:
            return
        if key in self._kept:
            self._drop(key)
        self._kept[key] = (answer, self._clock())
        self._size += len(answer.body)
        while self._size > self._most:
            self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        self._kept.clear()
        self._size = 0

    def _drop(self, key: str) -> None:
        answer, _ = self._kept.pop(key)
        self._size -= len(answer.body)


class Flights:
    """Questions that are being worked out: who asks the very same one meanwhile waits for that answer. Used by one event loop only."""

    def __init__(self, line: int) -> None:
        self._line, self._waiting = line, 0
        self._asked: dict[str, asyncio.Event] = {}

    def asked(self, key: str) -> bool:
        return key in self._asked

    async def wait(self, key: str, seconds: float) -> None:
        """Wait until the question is no longer worked out. Raises RefusedError (503) as a full line does."""
        if self._waiting >= self._line:
            raise too_busy("line_full", "too many requests wait already")
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._asked[key].wait()
        except TimeoutError:
            raise too_busy("waited_too_long", f"no answer within {seconds:g} s") from None
        finally:
            self._waiting -= 1

    def begin(self, key: str) -> None:
        self._asked.setdefault(key, asyncio.Event())

    def end(self, key: str) -> None:
        answered = self._asked.pop(key, None)
        if answered is not None:
            answered.set()
