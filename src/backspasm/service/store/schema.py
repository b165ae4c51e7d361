"""The tables' versions: brought up to date at every start, in one transaction."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

#: of PostgreSQL's advisory lock, so that workers that start together migrate one after the other; any constant does
LOCK = 0x6261636B


def config(connection: Connection | None = None) -> Config:
    out = Config()
    out.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    out.attributes["connection"] = connection
    return out


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a revision, within the connection's transaction (SQLite's is a writing one, so others wait)."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    command.upgrade(config(connection), revision)


def current(connection: Connection) -> str | None:
    """The revision of the tables; None where there are none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The revision that this version of the program works with."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None
    return head
