"""Who calls: by API key, by a session of the page, or this machine itself where nobody is configured."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from backspasm.service.security import sessions
from backspasm.service.security.audited import UNKNOWN
from backspasm.service.security.cookies import cookie_name, cookie_of
from backspasm.service.security.paths import Door
from backspasm.service.security.refusals import RefusedError
from backspasm.service.settings import ApiKey, Settings

LOCAL = "local"


def key_owner(key: str, keys: tuple[ApiKey, ...]) -> str | None:
    """The name of the program whose key this is. Takes the same time whichever key it is, or none."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    found = None
    for known in keys:
        if hmac.compare_digest(known.sha256, digest):
            found = known.name
    return found


def caller_of(headers: Mapping[str, str], settings: Settings, secret: bytes) -> str:
    """The caller's name; ``local`` where no caller is configured, ``unknown`` where one is and this is none of them."""
    keys = settings.access.api_keys
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if keys and scheme.lower() == "bearer":
        owner = key_owner(key.strip(), keys)
        if owner is not None:
            return owner
    session = sessions.read(cookie_of(headers, cookie_name(settings, sessions.SESSION)), secret)
    if session is not None and (session.caller in {k.name for k in keys} or session.caller.startswith("smart:")):
        return session.caller  # a key taken out of the settings ends its sessions
    return UNKNOWN if keys else LOCAL


def require_caller(door: Door, caller: str, headers: Mapping[str, str], method: str) -> None:
    """Raises RefusedError (401, or 303 to the sign-in for a browser) where the door needs a caller and there is none."""
    if caller != UNKNOWN or door in {Door.open, Door.cds}:
        return
    if door is Door.page and method == "GET" and "text/html" in headers.get("accept", ""):
        raise RefusedError(303, "sign_in", "Sign in first", headers={"Location": "/sign-in"})
    detail = "send `Authorization: Bearer` with a key that the service knows"
    raise RefusedError(401, "caller", "Who calls is not known", detail, {"WWW-Authenticate": "Bearer"})
