"""One thread of work for all requests that wait at the same moment, instead of one thread for each: a transaction then costs once,
and nobody waits for another's lock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Got = TypeVar("Got")

#: requests that share one piece of work
MOST = 500


class Together(Generic[Asked, Got]):
    """Used by one event loop. ``work`` takes what was asked and gives as many answers, in that order; it runs in a thread, never
    twice at once."""

    def __init__(self, work: Callable[[Sequence[Asked]], Sequence[Got]]) -> None:
        self._work = work
        self._waiting: list[tuple[Asked, asyncio.Future[Got]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, one: Asked) -> Got:
        """The answer to this one. Raises what the work raised, to all who shared it."""
        answer: asyncio.Future[Got] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        while self._waiting:
            shared, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                found = await asyncio.to_thread(self._work, [asked for asked, _ in shared])
            except BaseException as error:
                failed = error if isinstance(error, Exception) else RuntimeError("the work was stopped")
                for _, answer in shared:
                    if not answer.done():
                        answer.set_exception(failed)
                if not isinstance(error, Exception):
                    raise
                continue
            for (_, answer), got in zip(shared, found, strict=True):
                if not answer.done():
                    answer.set_result(got)
