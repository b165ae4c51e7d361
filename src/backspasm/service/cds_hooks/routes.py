"""The routes of CDS Hooks. Errors are problem documents, but for 412: there the specification wants an OperationOutcome."""

from __future__ import annotations

from typing import Any

from litestar import HttpMethod, Request, Response, Router, get, post, route
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, RawBody

from backspasm.service.cds_hooks.answer import NotEnoughError, answer
from backspasm.service.cds_hooks.calls import read_feedback
from backspasm.service.cds_hooks.cors import PREFIX
from backspasm.service.cds_hooks.report import report, report_style
from backspasm.service.cds_hooks.services import BY_ID, Service, described
from backspasm.service.media_types import FHIR, JSON
from backspasm.service.problems import Problem, problem_response
from backspasm.service.security.audited import assessed
from backspasm.service.store.cards import give_feedback
from backspasm.service.tokens.guard import require_token

_DISCOVERY = described()


def _service(name: str) -> Service:
    found = BY_ID.get(name)
    if found is None:
        raise NotFoundException(f"no service of this name; there are {', '.join(BY_ID)}")
    return found


@get("/", sync_to_thread=False)
def discovery() -> Response[bytes]:
    """Which services there are, when to call them, and what they look at."""
    return Response(_DISCOVERY, media_type=JSON)


@post("/{service:str}", status_code=200)
async def call(service: FromPath[str], body: RawBody, state: State, request: Request[Any, Any, Any]) -> Response[bytes]:
    """The cards for one call."""
    found = await answer(body, _service(service), state.settings, state.model, state.store, state.desk, state.kept)
    if found.input_digest is not None and found.urgency is not None:
        assessed(request, found.input_digest, found.urgency)
    return Response(found.body, media_type=JSON)


@post("/{service:str}/feedback", status_code=200, sync_to_thread=True)
def feedback(service: FromPath[str], body: RawBody, state: State) -> Response[Any]:
    """What clinicians did with cards."""
    wanted = _service(service)
    unknown = give_feedback(state.store, wanted.id, read_feedback(body))
    if unknown:
        detail = f"{len(unknown)} card(s) were never sent by this service, or are no longer kept; the others were noted"
        return problem_response(Problem("Feedback on a card that is not known", 404, detail))
    return Response({}, media_type=JSON)


@route(["/", "/{service:str}", "/{service:str}/feedback"], http_method=[HttpMethod.OPTIONS], status_code=204)
async def preflight() -> None:
    """What a browser asks before it calls from another page; the headers are added to every answer."""


def not_enough(_: Request[Any, Any, Any], error: NotEnoughError) -> Response[dict[str, Any]]:
    """412: what was needed was neither sent nor to be had."""
    issues = [
        {
            "severity": "error",
            "code": "required",
            "details": {"text": f"Needed and not there: {what}."},
            "diagnostics": f"prefetch key {key}: {why}. Send it, or have this FHIR server allowed in the settings and "
            "send fhirServer and fhirAuthorization.",
            "expression": [f"prefetch.{key}"],
        }
        for key, what, why in error.missing
    ]
    outcome = {"resourceType": "OperationOutcome", "issue": issues}
    return Response(outcome, status_code=412, media_type=FHIR)


ROUTES = (
    Router(
        PREFIX,
        route_handlers=[discovery, call, feedback, preflight, report, report_style],
        guards=[require_token],
        exception_handlers={NotEnoughError: not_enough},
        include_in_schema=False,
    ),
)
