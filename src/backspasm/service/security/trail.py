"""Entries of the audit trail, written together: while one transaction is committed, those that come meanwhile wait for the next.

Each request still waits until its own entry is committed. One writer a process instead of one a request keeps them from waiting
for each other's locks, and shares the time that a disk needs to be sure.
"""

from __future__ import annotations

import asyncio

from backspasm.service.store.audit import AuditEntry, record
from backspasm.service.store.database import Store

#: entries of one transaction
MOST = 500


class Trail:
    """The writer of one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[AuditEntry, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def enter(self, entry: AuditEntry) -> None:
        """Returns when the entry is committed. Raises what the store raised, if it was not."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                await asyncio.to_thread(record, self._store, *(entry for entry, _ in together))
            except BaseException as error:
                failed = error if isinstance(error, Exception) else RuntimeError("the writer was stopped")
                for _, written in together:
                    if not written.done():
                        written.set_exception(failed)
                if not isinstance(error, Exception):
                    raise
                continue
            for _, written in together:
                if not written.done():
                    written.set_result(None)
