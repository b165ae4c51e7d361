"""The application: settings and a model in, an ASGI application out. Each part brings its own routes."""

from __future__ import annotations

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from backspasm.inference.model import Model
from backspasm.patients.patient import InputError
from backspasm.service import health, page
from backspasm.service.problems import bad_input, fault, refused
from backspasm.service.settings import Settings


def create_app(settings: Settings, model: Model) -> Litestar:
    """The whole service over one model. Two applications of one process share nothing but the model."""
    return Litestar(
        route_handlers=[*health.ROUTES, *page.ROUTES],
        state=State({"settings": settings, "model": model}),
        exception_handlers={InputError: bad_input, HTTPException: refused, Exception: fault},
        openapi_config=None,
    )
