"""The FHIR R4 doors: `$assess`, the intake as a Questionnaire, its adaptive `$next-question`, and what they are."""

from __future__ import annotations

from litestar import Router
from litestar.exceptions import HTTPException

from backspasm.patients.patient import InputError
from backspasm.service.fhir import assess, metadata, questionnaires
from backspasm.service.fhir.outcomes import bad_input, fault, refused

ROUTES = (
    Router(
        "/fhir",
        route_handlers=[*metadata.ROUTES, *assess.ROUTES, *questionnaires.ROUTES],
        exception_handlers={InputError: bad_input, HTTPException: refused, Exception: fault},
    ),
)
__all__ = ["ROUTES"]
