"""Pseudonyms: a patient is known to the store by a keyed hash only (HMAC-SHA-256, RFC 2104), which nobody can undo or guess
without the secret. The secret lies in a file of its own, apart from the database."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from backspasm.patients.patient import InputError
from backspasm.service.store.folders import data_folder, private_file

BYTES = 32


def read_secret(file: str) -> bytes:
    """The secret of a file, made at random where there is none. Raises InputError."""
    path = Path(file) if file else data_folder() / "pseudonyms.key"
    private_file(path, secrets.token_bytes(BYTES))
    mend = "name a file of at least 32 random bytes in [store] secret_file, or delete it to have one made"
    try:
        secret = path.read_bytes()
    except OSError as error:
        what = f"cannot be read ({error.strerror or type(error).__name__})"
        raise InputError.one("store.secret_file", str(path), what, mend) from None
    if len(secret) < BYTES:
        raise InputError.one("store.secret_file", str(path), f"holds {len(secret)} bytes only", mend)
    return secret


def session_secret() -> bytes:
    """A secret that nobody keeps."""
    return secrets.token_bytes(BYTES)


def pseudonym(secret: bytes, identifier: str) -> str:
    """The keyed hash of an identifier, 64 hexadecimal digits."""
    return hmac.new(secret, identifier.encode(), hashlib.sha256).hexdigest()
