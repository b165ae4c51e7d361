"""Signed cookies: what a browser keeps for us, and cannot make up. Nothing of them is kept on the server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Protocol, TypeVar

import msgspec
from litestar.datastructures import Cookie

from backspasm.service.settings import Settings


class _Ends(Protocol):
    @property
    def until(self) -> float:
        """Seconds since 1970."""


Content = TypeVar("Content", bound=_Ends)


def derived(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose out of the installation's secret, so that a signature for one is never valid for another."""
    return hmac.new(secret, f"backspasm {purpose}".encode(), hashlib.sha256).digest()


def sealed(content: _Ends, purpose: str, secret: bytes) -> str:
    """The value of a cookie: its content, and our signature of it for this purpose."""
    text = base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")
    return f"{text}.{_signature(text, purpose, secret)}"


def opened(value: str, kind: type[Content], purpose: str, secret: bytes, now: float | None = None) -> Content | None:
    """The content of a cookie; None for one that was not signed here for this purpose, or has ended."""
    text, _, signature = value.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(text, purpose, secret).encode()):
        return None
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
    except (ValueError, msgspec.DecodeError):
        return None
    return found if found.until > (time.time() if now is None else now) else None


def _signature(text: str, purpose: str, secret: bytes) -> str:
    return hmac.new(derived(secret, purpose), text.encode(), hashlib.sha256).hexdigest()


def is_secure(settings: Settings) -> bool:
    """Whether browsers reach the service by https, so that cookies may ask for it."""
    return settings.url.startswith("https://")


def cookie_name(settings: Settings, purpose: str) -> str:
    """``__Host-`` binds a cookie to this very host (RFC 6265bis), where https allows it."""
    return f"__Host-backspasm-{purpose}" if is_secure(settings) else f"backspasm-{purpose}"


def cookie(settings: Settings, purpose: str, value: str, seconds: int) -> Cookie:
    """A cookie that no script reads and no other site's form sends; one of 0 seconds takes it away."""
    return Cookie(
        key=cookie_name(settings, purpose),
        value=value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_secure(settings),
    )


def cookie_of(headers: Mapping[str, str], name: str) -> str:
    """The value of a cookie of a request; empty where there is none."""
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""
