"""Keys and tokens of an invented client, good ones and forged ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

Json = dict[str, Any]

ISSUER = "https://ehr.example"
EC = ECKey.generate_key("P-384", {"kid": "ec", "use": "sig", "alg": "ES384"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig", "alg": "RS384"})
STRANGER = ECKey.generate_key("P-384", {"kid": "ec", "use": "sig", "alg": "ES384"})
NEW = ECKey.generate_key("P-384", {"kid": "new", "use": "sig", "alg": "ES384"})


def key_set(*keys: ECKey | RSAKey) -> Json:
    return {"keys": [key.as_dict(private=False) for key in keys or (EC, RSA)]}


def claims(url: str, **change: Any) -> Json:
    now = int(time.time())
    whole = {"iss": ISSUER, "aud": url, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())} | change
    return {k: v for k, v in whole.items() if v is not None}


def signed(content: Json, key: ECKey | RSAKey = EC, header: Json | None = None) -> str:
    """A token; ``header`` changes what stands in its head."""
    algorithm = "ES384" if isinstance(key, ECKey) else "RS384"
    head = {"alg": algorithm, "typ": "JWT", "kid": key.kid} | (header or {})
    head = {k: v for k, v in head.items() if v is not None}
    token: str = jws.serialize_compact(head, json.dumps(content).encode(), key, algorithms=[algorithm])
    return token


def part(data: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def unsigned(content: Json, algorithm: str = "none") -> str:
    """A token that nobody signed."""
    return f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': 'ec'})}.{part(content)}."


def with_shared_secret(content: Json, secret: bytes, algorithm: str = "HS384") -> str:
    """A token signed with what everybody knows: the public key, taken for a secret."""
    text = f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': 'ec'})}.{part(content)}"
    mac = hmac.new(secret, text.encode(), hashlib.sha384).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
