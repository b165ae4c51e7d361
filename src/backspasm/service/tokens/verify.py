"""Whether a token is what it claims: algorithm, issuer, key, signature, audience and times (CDS Hooks 2.0, RFC 7519)."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from msgspec import Struct

from backspasm.service.settings import CdsClient
from backspasm.service.tokens.keys import Key

#: signatures that are accepted: the two that CDS Hooks recommends. Never `none`, never one with a shared secret
ALGORITHMS = ("ES384", "RS384")
KINDS = {"ES384": "EC", "RS384": "RSA"}
#: bytes of a token at most
LARGEST = 16_384
#: seconds by which clocks may differ
LEEWAY = 30.0
#: characters of a token's id at most
LONGEST_ID = 256


class TokenError(Exception):
    """Why a token is refused, in words that help who sent it."""


class Claims(Struct, frozen=True):
    """What a good token says. ``expires``: seconds since 1970."""

    issuer: str
    identifier: str
    expires: float


def verify(
    token: str,
    url: str,
    clients: tuple[CdsClient, ...],
    key_of: Callable[[CdsClient, str], Key | None],
    now: float,
    longest: float,
) -> Claims:
    """The claims of a token that is good for one address.

    Args:
        url: the address that was called, which must be the audience.
        key_of: the key of a client by its name.
        now: seconds since 1970.
        longest: seconds for which a token may be valid.

    Raises:
        TokenError: why it is refused.
        KeysUnavailableError: by ``key_of``.
    """
    if len(token) > LARGEST:
        raise TokenError("it is too long")
    header, claims = _opened(token)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise TokenError(f"its algorithm is not among {', '.join(ALGORITHMS)}")
    if str(header.get("typ", "")).upper() != "JWT":
        raise TokenError("its typ is not JWT")
    if "crit" in header:
        raise TokenError("it asks for an extension")
    client = _client(claims, clients)
    if "jku" in header and (not client.jwks_url or header["jku"] != client.jwks_url):
        raise TokenError("its jku is not the registered address of the issuer's keys")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenError("it names no key (kid)")
    key = key_of(client, kid)
    if key is None or key.key_type != KINDS[algorithm]:
        raise TokenError("its key is not known")
    claims = _signed(token, key, algorithm)
    _client(claims, (client,))
    _check_audience(claims, url)
    return Claims(client.issuer, _identifier(claims), _check_times(claims, now, longest))


def _opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims before anything is proved: only to find out whose key to try."""
    try:
        found = jws.extract_compact(token.encode("ascii"))
        claims = msgspec.json.decode(found.payload, type=dict[str, Any])
    except (JoseError, ValueError, binascii.Error, RecursionError):
        raise TokenError("it is no signed JSON web token") from None
    return dict(found.headers()), claims


def _client(claims: dict[str, Any], clients: tuple[CdsClient, ...]) -> CdsClient:
    issuer = claims.get("iss")
    known = [c for c in clients if isinstance(issuer, str) and c.issuer == issuer]
    if not known:
        raise TokenError("its issuer is not known")
    client = next((c for c in known if not c.tenant or c.tenant == claims.get("tenant")), None)
    if client is None:
        raise TokenError("its tenant is not known")
    return client


def _signed(token: str, key: Key, algorithm: str) -> dict[str, Any]:
    try:
        found = jws.deserialize_compact(token.encode("ascii"), key, algorithms=[algorithm])
        claims: dict[str, Any] = msgspec.json.decode(found.payload, type=dict[str, Any])
    except (JoseError, ValueError, TypeError):
        raise TokenError("its signature is not good") from None
    return claims


def _check_audience(claims: dict[str, Any], url: str) -> None:
    audience = claims.get("aud")
    if audience != url and not (isinstance(audience, list) and url in audience):
        raise TokenError(f"its audience is not {url}")


def _check_times(claims: dict[str, Any], now: float, longest: float) -> float:
    issued, expires = _number(claims, "iat"), _number(claims, "exp")
    if expires <= now - LEEWAY:
        raise TokenError("it has expired")
    if issued > now + LEEWAY:
        raise TokenError("it was issued in the future")
    if not 0 < expires - issued <= longest:
        raise TokenError(f"it is valid for longer than {longest:g} s")
    return expires


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
        raise TokenError(f"its {name} is no time")
    return float(value)


def _identifier(claims: dict[str, Any]) -> str:
    identifier = claims.get("jti")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= LONGEST_ID:
        raise TokenError("it has no jti")
    return identifier
