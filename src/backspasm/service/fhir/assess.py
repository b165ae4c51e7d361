"""`POST /fhir/$assess`: a Bundle (or Parameters with one) in, a Bundle with the assessment out."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import RawBody

from backspasm.advice.assessment import assess as assess_patient
from backspasm.patients.from_fhir import from_fhir
from backspasm.patients.reading import read_patient
from backspasm.presentation.fhir.bundle import to_fhir
from backspasm.service.fhir.bodies import check_body, check_format, parameter, resource
from backspasm.service.media_types import FHIR
from backspasm.service.rest.answers import finished
from backspasm.service.rest.assess import REPEATABLE
from backspasm.service.security.audited import assessed

#: at the head of a body: whether it has to be opened to find the Bundle
_PARAMETERS = b'"Parameters"'
_LOOKED_AT = 2_000


@post("/$assess", status_code=200, sync_to_thread=True, opt=REPEATABLE)
def assess(body: RawBody, request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """Assess the patient of a record. Bytes are those of `backspasm assess --format fhir`."""
    check_format(request)
    check_body(request)
    model = state.model
    if _PARAMETERS in body[:_LOOKED_AT] and (data := resource(body))["resourceType"] == "Parameters":
        patient = from_fhir(msgspec.json.encode(parameter(data, "record")), model.knowledge)
    else:
        patient = read_patient(body, model.knowledge, "fhir")  # decodes only what is read
    result = assess_patient(patient, model)
    assessed(request, result.input_digest, result.urgency.level)
    return finished(to_fhir(result, model.knowledge), FHIR)


ROUTES = (assess,)
