"""Assess a patient, read a note, ask what is next."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import RawBody

from backspasm.advice.assessment import assess as assess_patient
from backspasm.advice.next_step import next_step
from backspasm.advice.situation import situation_of
from backspasm.patients.from_note import read_note
from backspasm.patients.reading import decoded, note_text
from backspasm.presentation.as_json import to_json
from backspasm.presentation.fhir.bundle import to_fhir
from backspasm.presentation.json_bytes import json_bytes
from backspasm.presentation.next_step import next_data
from backspasm.presentation.note import html as note_page
from backspasm.presentation.note import reading_json
from backspasm.presentation.report import report
from backspasm.service.media_types import FHIR, HTML, JSON, MARKDOWN, TEXT
from backspasm.service.rest.answers import finished, media_type, wanted
from backspasm.service.rest.bodies import PATIENT_TYPES, patient_of
from backspasm.service.security.audited import assessed

#: the same question has the same answer: it may be given again without being worked out again
REPEATABLE = {"repeatable": True}


@post("/assess", status_code=200, sync_to_thread=True, opt=REPEATABLE)
def assess(body: RawBody, request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """The assessment of a case, a FHIR Bundle or a note, in the form that is accepted."""
    kind, form = media_type(request, PATIENT_TYPES), wanted(request, (JSON, FHIR, HTML, MARKDOWN))
    model = state.model
    result = assess_patient(patient_of(body, kind, model), model)
    assessed(request, result.input_digest, result.urgency.level)
    if form == FHIR:
        return finished(to_fhir(result, model.knowledge), form)
    if form == JSON:
        return finished(to_json(result, model.knowledge), form)
    return finished(report(result, model, markdown=form == MARKDOWN), form)


@post("/next", status_code=200, sync_to_thread=True, opt=REPEATABLE)
def what_next(body: RawBody, request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """What to ask and to order next: the part `next` of the assessment, without the rest of its work."""
    kind, form = media_type(request, PATIENT_TYPES), wanted(request, (JSON,))
    model = state.model
    step = next_step(situation_of(patient_of(body, kind, model), model))
    return finished(json_bytes(next_data(step, model.knowledge)), form)


@post("/read", status_code=200, sync_to_thread=True, opt=REPEATABLE)
def read(body: RawBody, request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """The findings of a note, with the words that carry each of them."""
    media_type(request, (TEXT,))
    form = wanted(request, (JSON, HTML))
    knowledge = state.model.knowledge
    reading = read_note(note_text(decoded(body)), knowledge)
    return finished(reading_json(reading) if form == JSON else note_page(reading, knowledge).encode(), form)


ROUTES = (assess, what_next, read)
