"""Headers of every answer (OWASP Secure Headers Project): what browsers may do with it."""

from __future__ import annotations

from backspasm.service.security.cookies import is_secure
from backspasm.service.settings import Settings

_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def content_policy(frame_ancestors: tuple[str, ...] = ()) -> str:
    """Nothing but the service's own files; no inline script or style; no frame but of pages that the settings name."""
    frames = " ".join(frame_ancestors) or "'none'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {frames}"
    )


def security_headers(settings: Settings) -> tuple[tuple[bytes, bytes], ...]:
    """The headers, the same for every answer."""
    frames = settings.access.frame_ancestors
    headers = {
        "content-security-policy": content_policy(frames),
        "x-content-type-options": "nosniff",
        # other sites learn nothing; with `no-referrer` a browser would name no origin for the page's own forms either
        "referrer-policy": "same-origin",
        "permissions-policy": _PERMISSIONS,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "cross-origin" if settings.access.allowed_origins else "same-origin",
    }
    if not frames:
        headers["x-frame-options"] = "DENY"
    if is_secure(settings):
        headers["strict-transport-security"] = "max-age=31536000"
    return tuple((k.encode(), v.encode()) for k, v in headers.items())


#: an answer about a patient is kept by no browser and no proxy, unless its route says otherwise (assets do)
NO_STORE = (b"cache-control", b"no-store")
