"""Every failure as `application/problem+json` (RFC 9457): what was wrong, and the mend; never anything of a patient's text."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from backspasm.patients.patient import InputError

MEDIA_TYPE = "application/problem+json"
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
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


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


def fault(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """500: the kind of the fault goes into the log, its message does not, since it may quote the patient."""
    _log.error("internal fault %s at %s", type(error).__name__, request.scope.get("route_handler"))
    return problem_response(Problem("Internal fault; nothing was assessed", 500))
