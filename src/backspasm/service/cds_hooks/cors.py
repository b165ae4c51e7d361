"""Cross-origin calls of CDS Hooks, from pages that the settings name (a client may run in a browser)."""

from __future__ import annotations

from litestar.enums import ScopeType
from litestar.types import Message, Scope

from backspasm.service.settings import Settings

PREFIX = "/cds-services"
METHODS = b"GET, POST, OPTIONS"
HEADERS = b"Authorization, Content-Type"
#: seconds for which a browser need not ask again
AGE = b"600"


async def add_headers(message: Message, scope: Scope) -> None:
    """Allow a listed origin to read an answer, whatever its status. Litestar calls this before each message is sent."""
    if message["type"] != "http.response.start" or scope["type"] != ScopeType.HTTP:
        return
    if scope["path"] != PREFIX and not scope["path"].startswith(PREFIX + "/"):
        return
    settings: Settings = scope["litestar_app"].state.settings
    own = [(b"vary", b"Origin")]
    origin = next((value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"origin"), None)
    if origin is not None and origin in settings.access.allowed_origins:
        own += [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", HEADERS),
            (b"access-control-max-age", AGE),
        ]
    message["headers"] = [*message.get("headers", []), *own]
