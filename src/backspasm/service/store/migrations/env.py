"""What alembic runs to migrate: always on the connection, and in the transaction, of the caller."""

from __future__ import annotations

from alembic import context

from backspasm.service.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
