"""What is remembered between sending the browser to the EHR and its return: in a signed cookie of that browser, for minutes.

The state of a launch is bound to the browser that began it: an answer that another browser was tricked into carrying is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time

import msgspec

from backspasm.service.security.sessions import derived, is_secure
from backspasm.service.settings import Settings

#: seconds that a clinician has to sign in at the EHR
SECONDS = 600


class Launch(msgspec.Struct, frozen=True):
    """One launch under way. ``verifier``: the secret of PKCE, whose hash the EHR was shown."""

    state: str
    verifier: str
    issuer: str
    token_endpoint: str
    until: float


def begin(issuer: str, token_endpoint: str) -> Launch:
    """A launch with fresh secrets (RFC 7636: 43 characters at least)."""
    return Launch(secrets.token_urlsafe(32), secrets.token_urlsafe(48), issuer, token_endpoint, time.time() + SECONDS)


def challenge(verifier: str) -> str:
    """The S256 challenge of PKCE (RFC 7636)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def cookie_name(settings: Settings) -> str:
    return "__Host-backspasm-launch" if is_secure(settings) else "backspasm-launch"


def sealed(launch: Launch, secret: bytes) -> str:
    """The cookie's value."""
    content = base64.urlsafe_b64encode(msgspec.json.encode(launch)).decode()
    return f"{content}.{_signature(content, secret)}"


def opened(value: str, state: str, secret: bytes) -> Launch | None:
    """The launch of a cookie; None where it was not signed here, is over, or is not the one of this state."""
    content, _, signature = value.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(content, secret).encode()):
        return None
    try:
        launch = msgspec.json.decode(base64.urlsafe_b64decode(content), type=Launch)
    except (binascii.Error, ValueError):
        return None
    if launch.until < time.time() or not hmac.compare_digest(launch.state.encode(), state.encode()):
        return None
    return launch


def _signature(content: str, secret: bytes) -> str:
    return hmac.new(derived(secret, "launch"), content.encode(), hashlib.sha256).hexdigest()
