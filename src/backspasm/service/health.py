"""Whether the service lives, and whether it can assess."""

from __future__ import annotations

import msgspec
from litestar import get
from litestar.datastructures import State
from sqlalchemy import select

from backspasm.records.library import package_version


class Health(msgspec.Struct, frozen=True):
    status: str
    version: str


class Readiness(msgspec.Struct, frozen=True):
    status: str
    knowledge: str


@get("/health", sync_to_thread=False)
def health() -> Health:
    """The process answers."""
    return Health("ok", package_version())


@get("/ready", sync_to_thread=True)
def ready(state: State) -> Readiness:
    """The knowledge base is loaded and the store answers: requests can be assessed. Gives the digest of the knowledge."""
    with state.store.reading() as connection:
        connection.execute(select(1))
    return Readiness("ready", state.model.knowledge.digest)


ROUTES = (health, ready)
