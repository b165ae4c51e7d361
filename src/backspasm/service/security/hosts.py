"""Which names the service answers to (against DNS rebinding), and which pages may send it something (against forged requests)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from backspasm.service.security.refusals import RefusedError
from backspasm.service.settings import Settings, is_loopback

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})


def allowed_hosts(settings: Settings) -> frozenset[str] | None:
    """Names under which the service may be addressed; None: any, where callers prove who they are."""
    named = {host.lower() for host in settings.access.allowed_hosts}
    if settings.base_url:
        named.add((urlsplit(settings.base_url).hostname or "").lower())
    if is_loopback(settings.host):
        return frozenset(named | {settings.host.lower()} | _THIS_MACHINE)
    return frozenset(named) if named else None


def host_name(header: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


def check_host(headers: Mapping[str, str], allowed: frozenset[str] | None) -> None:
    """Raises RefusedError (421) where the request is addressed to somebody else."""
    if allowed is not None and host_name(headers.get("host", "")) not in allowed:
        detail = "name the host in [access] allowed_hosts, if it is yours"
        raise RefusedError(421, "host", "The request is addressed to another host", detail)


def check_origin(method: str, headers: Mapping[str, str], settings: Settings) -> None:
    """A page of another origin may send nothing (403), unless it is listed. Programs send no origin.

    Method of verifying the origin: OWASP Cross-Site Request Forgery Prevention Cheat Sheet.
    """
    if method in SAFE:
        return
    origin = headers.get("origin")
    if origin is None:
        if headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}:
            return
    elif origin.lower() in own_origins(headers, settings) or origin in settings.access.allowed_origins:
        return
    detail = "name the page's origin in [access] allowed_origins, if it is yours"
    raise RefusedError(403, "origin", "A page of another origin may not send requests", detail)


def own_origins(headers: Mapping[str, str], settings: Settings) -> frozenset[str]:
    """The origin that the request was sent to (its host was checked), and the configured one."""
    parts = urlsplit(settings.url)
    scheme = "https" if parts.scheme == "https" else "http"
    return frozenset({f"{scheme}://{headers.get('host', '').lower()}", f"{parts.scheme}://{parts.netloc}".lower()})
