"""Every failure as `application/problem+json` (RFC 9457): what was wrong, and the mend; never anything of a patient's text."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from backspasm.patients.patient import InputError
from backspasm.service.media_types import PROBLEM

_log = logging.getLogger("backspasm.service")


class FieldProblem(msgspec.Struct, frozen=True):
    """One thing that was wrong in the input."""

    field: str
    problem: str
    mend: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every answer that is no success."""

    title: str
    status: int
    detail: str = ""
    problems: tuple[FieldProblem, ...] = ()


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response[Problem]:
    return Response(problem, status_code=problem.status, media_type=PROBLEM, headers=headers)


def bad_input(_: Request[Any, Any, Any], error: InputError) -> Response[Problem]:
    """400: every problem with field and mend."""
    found = tuple(FieldProblem(p.field, str(p), p.mend) for p in error.problems)
    return problem_response(Problem("The input cannot be used", 400, problems=found))


def refused(_: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """What the framework or a handler refused: its own status and its own words."""
    headers = error.headers or None
    return problem_response(Problem(error.detail or "Refused", error.status_code), dict(headers) if headers else None)


def store_fails(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """503: what the store holds is unknown now, and an unknown is no empty answer."""
    _log.error("the store fails: %s", error)
    return problem_response(Problem("The store cannot be reached; nothing was done", 503), {"Retry-After": "10"})


def log_fault(request: Request[Any, Any, Any], error: Exception) -> None:
    """The kind of a fault goes into the log; its message does not, since it may quote the patient."""
    _log.error("internal fault %s at %s", type(error).__name__, request.scope.get("route_handler"))


#: FHIR R4 issue types (code system issue-type) by status; what is not listed is "invalid", from 500 on "processing"
_ISSUE_TYPES = {
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    408: "timeout",
    413: "too-long",
    415: "not-supported",
    421: "forbidden",
    429: "throttled",
    503: "transient",
    504: "timeout",
}


def issue_type(status: int) -> str:
    """What an OperationOutcome calls a refusal with this status."""
    return _ISSUE_TYPES.get(status, "processing" if status >= 500 else "invalid")


def fault(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """500."""
    log_fault(request, error)
    return problem_response(Problem("Internal fault; nothing was assessed", 500))
