"""What the page says when it cannot answer: as a page for people, never the words of an exception."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from backspasm.patients.patient import InputError
from backspasm.service.page.handlers import html
from backspasm.service.page.screen import fragment
from backspasm.service.problems import log_fault

AnyRequest = Request[Any, Any, Any]


def _page(request: AnyRequest, title: str, lines: tuple[tuple[str, str], ...], status: int) -> Response[bytes]:
    live = request.headers.get("HX-Request") == "true"
    template = "failed.html.j2" if live else "failure.html.j2"
    return html(fragment(template, title=title, lines=lines), status)


def bad_input(request: AnyRequest, error: InputError) -> Response[bytes]:
    """400: every problem with its mend."""
    lines = tuple((f"{p.field}: {p.what}" if p.field != "form" else p.what, p.mend) for p in error.problems)
    return _page(request, "The input cannot be used", lines, 400)


def refused(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """What the service refused, in its own words."""
    return _page(request, error.detail or "Refused", (), error.status_code)


def fault(request: AnyRequest, error: Exception) -> Response[bytes]:
    """500."""
    log_fault(request, error)
    return _page(request, "Internal fault; nothing was assessed", (), 500)
