"""Sessions of the page: a signed cookie that names the caller and ends by itself."""

from __future__ import annotations

import time

import msgspec
from litestar.datastructures import Cookie

from backspasm.service.security.cookies import cookie, opened, sealed
from backspasm.service.settings import Settings

#: of a session, hours: a working day
HOURS = 12
SECONDS = HOURS * 3600
#: what the cookie is for: part of its name and of its signature
SESSION = "session"


class Session(msgspec.Struct, frozen=True):
    """Who is signed in, and until when (seconds since 1970)."""

    caller: str
    until: float


def begun(caller: str, settings: Settings, secret: bytes) -> Cookie:
    """The cookie of a session that begins now."""
    return cookie(settings, SESSION, sign(Session(caller, time.time() + SECONDS), secret), SECONDS)


def ended(settings: Settings) -> Cookie:
    """The cookie that ends the session in this browser."""
    return cookie(settings, SESSION, "", 0)


def sign(session: Session, secret: bytes) -> str:
    """The value of the cookie."""
    return sealed(session, SESSION, secret)


def read(value: str, secret: bytes, now: float | None = None) -> Session | None:
    """The session of a cookie; None for one that was not signed here, or has ended."""
    return opened(value, Session, SESSION, secret, now)
