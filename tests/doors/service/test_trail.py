"""Entries are written together, and each request waits for its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from backspasm.service.security import trail
from backspasm.service.security.trail import Trail
from backspasm.service.settings import StoreSettings
from backspasm.service.store import audit
from backspasm.service.store.database import Store, StoreError, open_store
from tests.doors.service.test_store import ENTRY


def test_entries_that_come_at_the_same_time_share_a_transaction(
    store_settings: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(store_settings)
    sizes: list[int] = []

    def counted(where: Store, *entries: audit.AuditEntry) -> None:
        sizes.append(len(entries))
        audit.record(where, *entries)

    monkeypatch.setattr(trail, "record", counted)

    async def scene() -> None:
        together = Trail(store)

        async def one(n: int) -> None:
            await together.enter(replace(ENTRY, caller=f"caller {n}"))
            # committed when it returns: another connection sees it
            seen = await asyncio.to_thread(audit.latest, store, 500)
            assert f"caller {n}" in {e.caller for e in seen}

        await asyncio.gather(*(one(n) for n in range(40)))
        await one(40)  # the writer begins again

    asyncio.run(scene())
    assert len(audit.latest(store, 500)) == 41
    assert sum(sizes) == 41
    assert len(sizes) <= 4
    store.close()


def test_who_waited_for_a_transaction_that_failed_is_told_and_the_next_is_written(
    store_settings: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(store_settings)
    fails = [True]

    def sometimes(where: Store, *entries: audit.AuditEntry) -> None:
        if fails.pop() if fails else False:
            raise StoreError("OperationalError")
        audit.record(where, *entries)

    monkeypatch.setattr(trail, "record", sometimes)

    async def scene() -> list[Any]:
        together = Trail(store)
        first = await asyncio.gather(*(together.enter(ENTRY) for _ in range(3)), return_exceptions=True)
        await together.enter(ENTRY)
        return list(first)

    found = asyncio.run(scene())
    assert [type(f) for f in found] == [StoreError] * 3
    assert len(audit.latest(store, 9)) == 1
    store.close()


def test_who_leaves_while_the_entry_is_written_harms_nobody(store_settings: StoreSettings) -> None:
    store = open_store(store_settings)

    async def scene() -> None:
        together = Trail(store)
        tasks = [asyncio.create_task(together.enter(ENTRY)) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(done[0], asyncio.CancelledError)
        assert done[1:] == [None, None]

    asyncio.run(scene())
    assert len(audit.latest(store, 9)) == 3
    store.close()
