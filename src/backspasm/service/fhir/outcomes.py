"""Every refusal as an OperationOutcome with its own status; never anything of a patient's text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from backspasm.patients.patient import InputError
from backspasm.presentation.fhir.names import Json
from backspasm.presentation.fhir.resources import text
from backspasm.service import problems
from backspasm.service.media_types import FHIR


def outcome(issues: Iterable[Json], status: int, headers: dict[str, str] | None = None) -> Response[bytes]:
    resource = {"resourceType": "OperationOutcome", "issue": list(issues)}
    return Response(msgspec.json.encode(resource), status_code=status, media_type=FHIR, headers=headers)


def bad_input(_: Request[Any, Any, Any], error: InputError) -> Response[bytes]:
    """400: an issue for every problem, with field and mend."""
    return outcome(
        (
            {
                "severity": "error",
                "code": "invalid",
                "details": {"text": text(p.field) or "input"},
                "diagnostics": text(str(p)),
            }
            for p in error.problems
        ),
        400,
    )


def refused(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework or a handler refused, in its own words."""
    code = problems.issue_type(error.status_code)
    issue = {"severity": "error", "code": code, "diagnostics": text(error.detail) or "refused"}
    return outcome((issue,), error.status_code, dict(error.headers) if error.headers else None)


def refused_by_path(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """A path or method that no route has: below /fhir as an OperationOutcome too, elsewhere as a problem."""
    below = request.scope["path"].startswith("/fhir/")
    return refused(request, error) if below else problems.refused(request, error)


def fault(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """500."""
    problems.log_fault(request, error)
    issue = {"severity": "fatal", "code": "exception", "diagnostics": "Internal fault; nothing was assessed"}
    return outcome((issue,), 500)
