"""The audit trail: who asked when, about which input, by which knowledge, and what came out of it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from sqlalchemy import insert, select

from backspasm.service.store.database import Store
from backspasm.service.store.tables import audit


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One answered request. ``caller``: name of the API key, issuer of the token, or ``local``; ``route``: the template of the
    path, never the path; digests are SHA-256 in hexadecimal."""

    when: datetime
    caller: str
    method: str
    route: str
    status: int
    knowledge_digest: str
    input_digest: str | None = None
    urgency: str | None = None
    #: kept only where the settings allow texts
    note: str | None = None


def now() -> datetime:
    return datetime.now(UTC)


def record(store: Store, *entries: AuditEntry) -> None:
    """Write entries in one transaction, all or none. Raises StoreError."""
    rows = [
        {
            "at": entry.when,
            "caller": entry.caller[:200],
            "method": entry.method[:10],
            "route": entry.route[:200],
            "status": entry.status,
            "input_digest": entry.input_digest,
            "knowledge_digest": entry.knowledge_digest,
            "urgency": entry.urgency,
            "note": entry.note if store.keep_text else None,
        }
        for entry in entries
    ]
    with store.writing() as connection:
        connection.execute(_ENTER, rows)


#: built once: to build a statement takes as long as to run it
_ENTER = insert(audit)


def latest(store: Store, count: int) -> tuple[AuditEntry, ...]:
    """The latest entries, the newest first. Raises StoreError."""
    query = select(audit).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(count)
    with store.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return tuple(
        AuditEntry(
            when=row["at"],
            caller=row["caller"],
            method=row["method"],
            route=row["route"],
            status=row["status"],
            knowledge_digest=row["knowledge_digest"],
            input_digest=row["input_digest"],
            urgency=row["urgency"],
            note=row["note"],
        )
        for row in rows
    )
