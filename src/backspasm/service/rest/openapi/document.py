"""The OpenAPI 3.1 document, put together from operations, schemas and examples."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from backspasm.inference.model import Model
from backspasm.presentation.json_bytes import json_bytes
from backspasm.presentation.words import DISCLAIMER
from backspasm.service.fhir.operations import OPERATIONS as FHIR_OPERATIONS
from backspasm.service.media_types import FHIR, JSON, PROBLEM, TEXT
from backspasm.service.rest.openapi.examples import BUNDLE, CASE, NOTE, SIMULATION, question_response
from backspasm.service.rest.openapi.operations import OPERATIONS as REST_OPERATIONS
from backspasm.service.rest.openapi.operations import Json, Operation, Parameter
from backspasm.service.rest.openapi.schemas import ref, schemas

EVERY: tuple[Operation, ...] = (*REST_OPERATIONS, *FHIR_OPERATIONS)
#: refusals that stand before every operation
ALWAYS = (401, 403, 429, 500, 503, 504)
ABOUT = (
    "From what is known about one patient with back pain to red flags, urgency, a ranked differential with honest intervals, what "
    "to ask next and what must not be given. " + DISCLAIMER
)


@lru_cache(maxsize=4)
def document_bytes(model: Model, address: str) -> bytes:
    """The document as served at this address; made once."""
    return json_bytes(document(model, address))


def document(model: Model, address: str) -> Json:
    """The whole document."""
    paths: Json = {}
    for operation in EVERY:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    resource = {
        "type": "object",
        "description": "A FHIR R4 resource (https://hl7.org/fhir/R4); its shape is told in docs/service.md.",
        "properties": {"resourceType": {"type": "string"}},
        "required": ["resourceType"],
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "backspasm",
            "version": model.knowledge.version,
            "description": ABOUT,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": address}],
        "tags": [{"name": tag} for tag in dict.fromkeys(o.tag for o in EVERY)],
        "paths": paths,
        "components": {
            "schemas": schemas(model.knowledge) | {"FhirResource": resource},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, where the service has any."}
            },
        },
        "security": [{}, {"key": []}],
    }


def _operation(o: Operation) -> Json:
    out: Json = {"operationId": o.name, "tags": [o.tag], "summary": o.summary}
    if o.says:
        out["description"] = o.says
    if o.parameters:
        out["parameters"] = [_parameter(p) for p in o.parameters]
    if o.body:
        content = {kind: _content(name, _example(o, kind)) for kind, name in o.body.items()}
        out["requestBody"] = {"required": True, "content": content}
    given = {kind: _content(name, None) for kind, name in o.gives.items()}
    out["responses"] = {"200": {"description": "Done", "content": given}} | _refusals(o.refuses, o.refusal)
    return out


def _content(schema: str | None, example: object) -> Json:
    out: Json = {"schema": {"type": "string", "minLength": 1} if schema is None else ref(schema)}
    return out if example is None else out | {"example": example}


def _parameter(p: Parameter) -> Json:
    return {
        "name": p.name,
        "in": p.where,
        "required": p.where == "path",
        "description": p.says,
        "schema": p.schema,
        "example": p.example,
    }


def _refusals(codes: Iterable[int], kind: str) -> Json:
    """What the operation refuses, and what any operation may: a caller who is not known or asks too often, a busy service."""
    told = {PROBLEM: {"schema": ref("Problem")}}
    own = {kind: {"schema": ref("Problem" if kind == PROBLEM else "FhirResource")}}
    out = dict.fromkeys(codes, own) | dict.fromkeys(ALWAYS, told | own)
    return {str(code): {"description": HTTPStatus(code).phrase, "content": out[code]} for code in sorted(out)}


def _example(o: Operation, kind: str) -> object:
    if o.path.endswith("$next-question"):
        return question_response()
    if o.path == "/simulate":
        return SIMULATION
    return {JSON: CASE, FHIR: BUNDLE, TEXT: NOTE}.get(kind)
