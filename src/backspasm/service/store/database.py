"""The database behind the store: which one, opened how, and what happens when it fails.

A store that fails is never an empty answer: whatever SQLAlchemy raises becomes ``StoreError``, which the service answers
with 503.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from backspasm.patients.patient import InputError
from backspasm.service.settings import StoreSettings
from backspasm.service.store.folders import data_folder, private_file
from backspasm.service.store.identifiers import read_secret, session_secret

#: seconds that a connection waits for another one that writes, before it gives up
PATIENCE = 5.0


class StoreError(Exception):
    """The database cannot be reached, or refuses. Carries the kind of the fault only: its message may quote what was stored."""


@dataclass(frozen=True, eq=False)
class Store:
    """An open database with the key of its pseudonyms. Shared by all threads of a process."""

    engine: Engine
    secret: bytes = field(repr=False)
    #: whether texts that people wrote (notes, comments) may be kept
    keep_text: bool = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read from. Raises StoreError."""
        with _translated(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: committed whole at the end, or not at all. Raises StoreError."""
        engine = self.engine.execution_options(writes=True)
        with _translated(), engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(type(error).__name__) from None


def open_store(settings: StoreSettings) -> Store:
    """Open the database and bring its tables up to date.

    Raises:
        InputError: for an address that cannot be used.
        StoreError: where the database does not answer.
    """
    from backspasm.service.store.schema import upgrade

    store = connect(settings)
    try:
        with store.writing() as connection:
            upgrade(connection)
    except BaseException:
        store.close()
        raise
    return store


def connect(settings: StoreSettings) -> Store:
    """The store as it is, without touching its tables. Raises InputError."""
    if settings.url == "memory":
        return Store(_sqlite(":memory:", lasting=False), session_secret(), settings.keep_note_text)
    url = _address(settings.url)
    if url.get_backend_name() == "postgresql":
        engine = create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_timeout=PATIENCE)
    elif url.database in {None, "", ":memory:"}:
        return connect(StoreSettings(url="memory", keep_note_text=settings.keep_note_text))
    else:
        private_file(Path(url.database or ""))
        engine = _sqlite(url.database or "", lasting=True)
    return Store(engine, read_secret(settings.secret_file), settings.keep_note_text)


def shown_address(settings: StoreSettings) -> str:
    """The address as it may be shown: without a password."""
    return "memory" if settings.url == "memory" else _address(settings.url).render_as_string(hide_password=True)


def _address(text: str) -> URL:
    if not text:
        return URL.create("sqlite", database=str(data_folder() / "store.sqlite"))
    mend = "write sqlite:////folder/file, postgresql://user@host/database or memory"
    try:
        url = make_url(text)
    except ArgumentError:  # the address itself may hold a password, so it is not shown
        raise InputError.one("store.url", "", "is no address of a database", mend) from None
    if url.get_backend_name() not in {"sqlite", "postgresql", "postgres"}:
        raise InputError.one("store.url", url.get_backend_name(), "is no database that the store knows", mend)
    return url.set(drivername="postgresql+psycopg") if url.drivername.startswith("postgres") else url


def _sqlite(database: str, lasting: bool) -> Engine:
    """One file for many threads and processes (write-ahead log), or one connection in memory for many threads."""
    engine = create_engine(
        URL.create("sqlite", database=database),
        poolclass=QueuePool,
        pool_size=5 if lasting else 1,
        max_overflow=5 if lasting else 0,
        pool_timeout=PATIENCE,
        connect_args={"check_same_thread": False, "timeout": PATIENCE},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where SQLAlchemy says so, tables included
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        if lasting:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")  # an audit entry outlives a power cut
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # a writer takes the lock at once: one that reads first and then writes would fail instead of waiting
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
