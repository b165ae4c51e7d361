"""The page for a patient who is known already, such as one read from an EHR after a SMART launch."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.datastructures import State

from backspasm.patients.patient import Patient
from backspasm.service.page.entry import entry_of
from backspasm.service.page.handlers import enter, html, token_of
from backspasm.service.page.screen import page, screen_of
from backspasm.service.page.workbench import workbench


def intake_page(request: Request[Any, Any, State], patient: Patient) -> Response[bytes]:
    """The page with its form filled from a patient, and the answer beside it.

    Takes the processor for some tenths of a second: call it from a thread. The application must have the page's routes.
    """
    bench = workbench(request.app.state)
    screen = screen_of(entry_of(patient), bench)
    enter(request, screen.assessed)
    return html(page(screen, bench, token_of(request)))
