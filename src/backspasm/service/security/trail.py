"""Entries of the audit trail, written together: while one transaction is committed, those that come meanwhile wait for the next.

Each request still waits until its own entry is committed. One writer a process instead of one a request keeps them from waiting
for each other's locks, and shares the time that a disk needs to be sure.
"""

from __future__ import annotations

from collections.abc import Sequence

from backspasm.service.store.audit import AuditEntry, record
from backspasm.service.store.database import Store
from backspasm.service.together import Together


class Trail:
    """The writer of one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._together = Together[AuditEntry, None](self._write)

    async def enter(self, entry: AuditEntry) -> None:
        """Returns when the entry is committed. Raises what the store raised, if it was not."""
        await self._together.ask(entry)

    def _write(self, entries: Sequence[AuditEntry]) -> list[None]:
        record(self._store, *entries)
        return [None] * len(entries)
