"""Sessions of the page: a signed cookie that names the caller and ends by itself. Nothing is kept on the server."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

import msgspec

from backspasm.service.settings import Settings

#: of a session, hours: a working day
HOURS = 12
SECONDS = HOURS * 3600


class Session(msgspec.Struct, frozen=True):
    """Who is signed in, and until when (seconds since 1970)."""

    caller: str
    until: float


def derived(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose out of the installation's secret, so that a signature for one is never valid for another."""
    return hmac.new(secret, f"backspasm {purpose}".encode(), hashlib.sha256).digest()


def sign(session: Session, secret: bytes) -> str:
    """The value of the cookie."""
    content = base64.urlsafe_b64encode(msgspec.json.encode(session)).decode().rstrip("=")
    return f"{content}.{_signature(content, secret)}"


def read(value: str, secret: bytes, now: float | None = None) -> Session | None:
    """The session of a cookie; None for one that was not signed here, or has ended."""
    content, _, signature = value.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(content, secret).encode()):
        return None
    try:
        session = msgspec.json.decode(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)), type=Session)
    except (binascii.Error, msgspec.DecodeError):
        return None
    return session if session.until > (time.time() if now is None else now) else None


def _signature(content: str, secret: bytes) -> str:
    return hmac.new(derived(secret, "session"), content.encode(), hashlib.sha256).hexdigest()


def is_secure(settings: Settings) -> bool:
    """Whether browsers reach the service by https, so that cookies may ask for it."""
    return settings.url.startswith("https://")


def cookie_name(settings: Settings) -> str:
    """``__Host-`` binds a cookie to this very host (RFC 6265bis), where https allows it."""
    return "__Host-backspasm-session" if is_secure(settings) else "backspasm-session"


def cookie_of(headers: Mapping[str, str], name: str) -> str:
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""
