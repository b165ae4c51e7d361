"""Public keys of the configured clients: from their key set, kept for a while, fetched anew when a key is not known.

A key set is fetched from the address in the settings only, never from one that a token names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, RSAKey

from backspasm.service import outgoing
from backspasm.service.settings import CdsClient, is_loopback

#: seconds for which a key set is used without asking again
KEPT = 3600.0
#: least seconds between two fetches because of an unknown key: nobody makes us call their neighbour by inventing keys
APART = 30.0
#: seconds that a client's server has to answer
PATIENCE = 3.0
#: bytes of a key set at most
LARGEST = 200_000

Key = ECKey | RSAKey


class KeysUnavailableError(Exception):
    """The key set of a client cannot be had. Says what happened."""


class _Set(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


@dataclass
class _Kept:
    """What is known of one client's keys. Mutable: it is a cache."""

    keys: dict[str, Key] = field(default_factory=dict)
    fetched: float | None = None


class KeyCache:
    """Key sets by issuer, shared by all threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, _Kept] = {}

    def key(self, client: CdsClient, kid: str) -> Key | None:
        """The key of this name; None where the client has none.

        Raises:
            KeysUnavailableError: where the key set cannot be read.
        """
        with self._lock:
            kept = self._kept.setdefault(client.issuer, _Kept())
            age = None if kept.fetched is None else monotonic() - kept.fetched
            if age is None or age > KEPT or (kid not in kept.keys and age > APART):
                kept.keys, kept.fetched = _keys(client), monotonic()
            return kept.keys.get(kid)


def _keys(client: CdsClient) -> dict[str, Key]:
    try:
        data = Path(client.jwks_file).read_bytes() if client.jwks_file else _fetched(client.jwks_url)
        found = msgspec.json.decode(data, type=_Set)
    except OSError as error:
        raise KeysUnavailableError(f"jwks_file: {error.strerror}") from None
    except httpx.HTTPError as error:
        raise KeysUnavailableError(f"jwks_url: {type(error).__name__}") from None
    except msgspec.DecodeError:
        raise KeysUnavailableError("the key set is no JSON object with `keys`") from None
    out: dict[str, Key] = {}
    for one in found.keys:
        kid = one.get("kid")
        if isinstance(kid, str) and one.get("kty") in {"EC", "RSA"} and one.get("use", "sig") == "sig":
            try:
                key = JWKRegistry.import_key({k: v for k, v in one.items() if k in _PUBLIC})
            except (JoseError, ValueError, TypeError):
                continue  # one bad key does not lock out the others
            if isinstance(key, ECKey | RSAKey):
                out[kid] = key
    return out


#: members of a public key; a private part that somebody published by mistake is not even read
_PUBLIC = frozenset({"kty", "kid", "use", "alg", "crv", "x", "y", "n", "e"})


def _fetched(address: str) -> bytes:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise KeysUnavailableError("jwks_url is neither https nor on this machine")
    until = monotonic() + PATIENCE
    try:
        with (
            outgoing.client(PATIENCE) as client,
            client.stream("GET", address, headers={"Accept": "application/json"}) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise KeysUnavailableError(f"jwks_url: status {answer.status_code}")
            return outgoing.received(answer, LARGEST, until)
    except (outgoing.TooMuchError, outgoing.TooSlowError):
        raise KeysUnavailableError("jwks_url: too large, or too slow") from None
