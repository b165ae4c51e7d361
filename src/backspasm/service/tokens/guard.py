"""Before every route of CDS Hooks: a token of a configured client; where none is configured, only this machine may call."""

from __future__ import annotations

import time
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from anyio import to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from backspasm.service.security.audited import UNKNOWN, caller_name, set_caller
from backspasm.service.settings import Settings, is_loopback
from backspasm.service.tokens.keys import KeysUnavailableError
from backspasm.service.tokens.replay import first_seen
from backspasm.service.tokens.verify import TokenError, verify

_REFUSED = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


async def require_token(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse (401) who is not known. A good token names the caller."""
    settings: Settings = connection.app.state.settings
    if connection.scope.get("method") == "OPTIONS":  # a browser asks before it sends; it sends no token then
        return
    if not settings.cds_hooks.clients:
        if is_local(settings) and caller_name(connection.scope) != UNKNOWN:
            return
        raise _refuse("no client is configured for CDS Hooks: name it in [[cds_hooks.clients]]")
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refuse("send a signed token: `Authorization: Bearer`")
    issuer = await to_thread.run_sync(partial(_issuer, token.strip(), connection.scope["path"], connection.app.state))
    set_caller(connection.scope, issuer)


def _issuer(token: str, path: str, state: Any) -> str:
    """Who sent a good token that was not seen before."""
    settings: Settings = state.settings
    try:
        claims = verify(
            token,
            settings.url + path,
            settings.cds_hooks.clients,
            state.token_keys.key,
            time.time(),
            settings.cds_hooks.seconds_of_token,
        )
    except TokenError as error:
        raise _refuse(f"the token is refused: {error}") from None
    except KeysUnavailableError as error:
        raise HTTPException(
            f"the keys of the token's issuer cannot be read: {error}", status_code=503, headers={"Retry-After": "10"}
        ) from None
    if not first_seen(state.store, claims):
        raise _refuse("the token is refused: it was used before")
    return claims.issuer


def is_local(settings: Settings) -> bool:
    """Whether the service is reached from this machine only: it listens there, and no proxy speaks for it elsewhere."""
    host = urlsplit(settings.base_url).hostname if settings.base_url else None
    return is_loopback(settings.host) and (host is None or is_loopback(host))


def _refuse(detail: str) -> HTTPException:
    return HTTPException(detail, status_code=401, headers=_REFUSED)
