"""Simulate the course to expect."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import RawBody

from backspasm.advice.assessment import differential_of
from backspasm.advice.course import course_of, days_until, options_of
from backspasm.cycle.one_patient import SEED
from backspasm.patients.from_case import from_case
from backspasm.patients.patient import InputError
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
    options = options_of(asked.options, model.knowledge) if asked.options else None
    found = course_of(
        patient,
        differential_of(patient, model),
        model.knowledge,
        options,
        days_until(asked.days),
        asked.draws,
        SEED if asked.seed is None else asked.seed,
    )
    if found is None:
        what = "the pain of this patient most probably comes from elsewhere than the back; the model says nothing of it"
        raise InputError.one("case", "", what, "simulate a patient whose pain is of the back")
    return finished(course_json(found), form)


ROUTES = (simulate,)
