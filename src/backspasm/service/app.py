"""The application: settings and a model in, an ASGI application out. Each part brings its own routes."""

from __future__ import annotations

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from backspasm.inference.model import Model
from backspasm.patients.patient import InputError
from backspasm.service import fhir, health, rest
from backspasm.service.fhir.outcomes import refused_by_path
from backspasm.service.problems import bad_input, fault
from backspasm.service.settings import Settings


def create_app(settings: Settings, model: Model) -> Litestar:
    """The whole service over one model. Two applications of one process share nothing but the model."""
    return Litestar(
        route_handlers=[*health.ROUTES, *rest.ROUTES, *fhir.ROUTES],
        state=State({"settings": settings, "model": model}),
        exception_handlers={InputError: bad_input, HTTPException: refused_by_path, Exception: fault},
        openapi_config=None,
    )
