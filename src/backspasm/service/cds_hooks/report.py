"""How the cards were received: as a page for people, as JSON for programs."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State

from backspasm.presentation.reception import reception_page
from backspasm.service.cds_hooks.services import SERVICES
from backspasm.service.store.cards import reception

_STYLE = (files("backspasm.presentation") / "templates" / "reception.css").read_bytes()


@get("/report", sync_to_thread=True)
def report(state: State, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Cards shown, accepted and overridden with reasons, by service and kind of advice."""
    found = reception(state.store)
    if "text/html" in request.headers.get("accept", ""):
        page = reception_page(found, {s.id: s.title for s in SERVICES})
        return Response(page, media_type="text/html; charset=utf-8", headers={"Vary": "Accept"})
    return Response(
        msgspec.json.encode({"reception": found}), media_type="application/json", headers={"Vary": "Accept"}
    )


@get("/report.css", sync_to_thread=False)
def report_style() -> Response[bytes]:
    return Response(_STYLE, media_type="text/css; charset=utf-8")
