"""Which FHIR servers may be asked: the addresses that the operator has written down, compared whole.

An address is never fetched because a request names it. Encrypted connections are bound to the name of the server by its
certificate, so that a name which suddenly points elsewhere fails; unencrypted ones are allowed to this machine only.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from backspasm.service.settings import is_loopback

PORTS = {"https": 443, "http": 80}


def normalised(address: str) -> str | None:
    """A base address in one form: scheme, host in lower case, port, path without a slash at its end.

    None for what is no base address, or is neither https nor on this machine, or holds a name and password, a query or a fragment.
    """
    try:
        parts = urlsplit(address.strip())
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None or "@" in parts.netloc or parts.query or parts.fragment:
        return None
    if "\\" in address or any(c.isspace() or not c.isprintable() for c in address.strip()):
        return None
    if any(segment in {".", ".."} for segment in parts.path.split("/")) or "%" in parts.path:
        return None
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return None
    return f"{parts.scheme}://{_host(parts)}:{port}{parts.path.rstrip('/')}"


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    return f"[{host}]" if ":" in host else host


def allowed(address: str | None, servers: Iterable[str]) -> str | None:
    """The address as the operator wrote it, where a request names one of them; else None."""
    wanted = normalised(address) if address else None
    if wanted is None:
        return None
    return next((s.rstrip("/") for s in servers if normalised(s) == wanted), None)


def within(address: str, base: str) -> bool:
    """Whether an address (the next page of a search) lies below a base address."""
    start = normalised(base)
    page = normalised(address.partition("?")[0])
    return start is not None and page is not None and (page == start or page.startswith(start + "/"))
