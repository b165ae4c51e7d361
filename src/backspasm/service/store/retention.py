"""Deleting what has been kept long enough."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Table, delete, func, select

from backspasm.service.store.audit import now
from backspasm.service.store.database import Store
from backspasm.service.store.tables import assessments, audit, cards

#: feedback goes with its card
AGEING: tuple[Table, ...] = (audit, assessments, cards)


def limit_of(days: int, today: datetime | None = None) -> datetime:
    return (today or now()) - timedelta(days=days)


def older_than(store: Store, limit: datetime) -> dict[str, int]:
    """How many rows of each table are older. Raises StoreError."""
    with store.reading() as connection:
        return {
            table.name: connection.execute(
                select(func.count()).select_from(table).where(table.c.at < limit)
            ).scalar_one()
            for table in AGEING
        }


def delete_older(store: Store, limit: datetime) -> dict[str, int]:
    """Delete them, all or none; returns how many. Raises StoreError."""
    with store.writing() as connection:
        return {table.name: connection.execute(delete(table).where(table.c.at < limit)).rowcount for table in AGEING}
