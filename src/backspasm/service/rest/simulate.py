"""Simulate the course to expect."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import RawBody

from backspasm.advice.simulation import simulated
from backspasm.patients.from_case import from_case
from backspasm.presentation.cycle_words import course_json
from backspasm.service.media_types import JSON
from backspasm.service.rest.answers import finished, media_type, wanted
from backspasm.service.rest.assess import REPEATABLE
from backspasm.service.rest.bodies import SimulationRequest, converted, json_of


@post("/simulate", status_code=200, sync_to_thread=True, opt=REPEATABLE)
def simulate(body: RawBody, request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """The course of one patient, untreated and under options, with the loop and without it."""
    media_type(request, (JSON,))
    form = wanted(request, (JSON,))
    asked, model = converted(json_of(body), SimulationRequest), state.model
    patient = from_case(asked.case, model.knowledge)
    found = simulated(patient, model, asked.options, asked.days, asked.draws, asked.seed)
    return finished(course_json(found), form)


ROUTES = (simulate,)
