"""What is remembered between sending the browser to the EHR and its return: in a signed cookie of that browser, for minutes.

The state of a launch is bound to the browser that began it: an answer that another browser was tricked into carrying is refused.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time

import msgspec

from backspasm.service.security import cookies

#: seconds that a clinician has to sign in at the EHR
SECONDS = 600
#: what the cookie is for: part of its name and of its signature
LAUNCH = "launch"


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


def sealed(launch: Launch, secret: bytes) -> str:
    """The cookie's value."""
    return cookies.sealed(launch, LAUNCH, secret)


def opened(value: str, state: str, secret: bytes) -> Launch | None:
    """The launch of a cookie; None where it was not signed here, is over, or is not the one of this state."""
    launch = cookies.opened(value, Launch, LAUNCH, secret)
    if launch is None or not hmac.compare_digest(launch.state.encode(), state.encode()):
        return None
    return launch
