"""What a route tells the audit trail of the assessment it made."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar.connection import ASGIConnection
from litestar.types import Scope

_KEY = "backspasm_assessed"
_CALLER = "backspasm_caller"
#: the name of a caller who is none of those configured
UNKNOWN = "unknown"


class Assessed(msgspec.Struct, frozen=True):
    """Digest of the input, urgency, and the note where the settings keep notes."""

    input_digest: str
    urgency: str
    note: str | None = None


def assessed(
    request: ASGIConnection[Any, Any, Any, Any], input_digest: str, urgency: str, note: str | None = None
) -> None:
    """Say in a route what was assessed; the entry of this request in the audit trail will hold it."""
    tell(request.scope, Assessed(input_digest, urgency, note))


def tell(scope: Scope, what: Assessed) -> None:
    scope["state"][_KEY] = what


def told(scope: Scope) -> Assessed | None:
    found = scope["state"].get(_KEY)
    return found if isinstance(found, Assessed) else None


def set_caller(scope: Scope, name: str) -> None:
    """Who calls, once it is known: a key's name, a token's issuer."""
    scope["state"][_CALLER] = name


def caller_name(scope: Scope) -> str:
    return str(scope["state"].get(_CALLER, UNKNOWN))
