"""What kind of door a path is: it decides which proof of identity is asked, and whether work may wait in line."""

from __future__ import annotations

from enum import StrEnum


class Door(StrEnum):
    """``open`` needs no caller (it tells nothing of a patient and costs nothing); ``metrics``, ``api`` and ``page`` need one
    where callers are configured; ``cds`` asks for a signed token, which its own routes check."""

    open = "open"
    metrics = "metrics"
    api = "api"
    cds = "cds"
    page = "page"


_PREFIXES: tuple[tuple[str, Door], ...] = (
    ("/health", Door.open),
    ("/ready", Door.open),
    ("/assets", Door.open),
    ("/sign-in", Door.open),
    ("/smart", Door.open),  # launched by an EHR, which proves itself to the launch
    ("/favicon.ico", Door.open),
    ("/metrics", Door.metrics),
    ("/cds-services", Door.cds),
    ("/assess", Door.api),
    ("/read", Door.api),
    ("/next", Door.api),
    ("/simulate", Door.api),
    ("/evidence", Door.api),
    ("/knowledge", Door.api),
    ("/fhir", Door.api),
    ("/openapi.json", Door.api),
)

#: of the doors of programs, which hold no cookie: no token against forged forms is asked there (the origin is checked)
API_PATTERNS = tuple(f"^{prefix}(/|$)" for prefix, door in _PREFIXES if door is not Door.open)


def door_of(path: str) -> Door:
    """The kind of door; whatever is not listed is part of the page, the strictest kind."""
    for prefix, door in _PREFIXES:
        if path == prefix or path.startswith(prefix + "/"):
            return door
    return Door.page
