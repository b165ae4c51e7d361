"""Each token once: its id is remembered until it expires, for all processes that share the store."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from backspasm.service.store.database import Store
from backspasm.service.store.tables import seen_tokens
from backspasm.service.tokens.verify import LEEWAY, Claims


def first_seen(store: Store, claims: Claims) -> bool:
    """Whether this is the first time that a token is seen; it is remembered. Raises StoreError."""
    now = datetime.now(UTC)
    until = datetime.fromtimestamp(claims.expires, UTC) + timedelta(seconds=LEEWAY)
    digest = hashlib.sha256(f"{claims.issuer}\0{claims.identifier}".encode()).hexdigest()
    with store.writing(synced=False) as connection:  # the audit entry of the same request is
        connection.execute(delete(seen_tokens).where(seen_tokens.c.until < now))
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        new = insert(seen_tokens).values(digest=digest, until=until).on_conflict_do_nothing()
        return connection.execute(new.returning(seen_tokens.c.digest)).first() is not None
