"""From the body of a FHIR operation to what it holds."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response

from backspasm.patients.case_text import parse_json
from backspasm.patients.patient import InputError, shortened
from backspasm.patients.reading import decoded
from backspasm.presentation.fhir.names import Json
from backspasm.service.media_types import FHIR, JSON
from backspasm.service.rest.answers import NotAcceptableError, finished, media_type

#: what a caller may write in `_format`
_FORMATS = frozenset({"json", JSON, FHIR})


def check_format(request: Request[Any, Any, Any]) -> None:
    """JSON alone is spoken here. Raises NotAcceptableError where the caller wants something else."""
    asked = request.query_params.get("_format")
    if asked is not None:
        if asked.partition(";")[0].strip() not in _FORMATS:
            raise NotAcceptableError(detail=f"_format: not offered. Mend: use {FHIR}")
        return
    if request.headers.get("accept") and request.accept.best_match([FHIR, JSON]) is None:
        raise NotAcceptableError(detail=f"Accept: none of what is wanted is offered. Mend: accept {FHIR}")


def check_body(request: Request[Any, Any, Any]) -> None:
    """Raises UnsupportedMediaTypeError."""
    media_type(request, (FHIR, JSON))


def resource(body: bytes) -> Json:
    """The resource of a body.

    Raises:
        InputError: empty, not UTF-8, no JSON, nested too deep, or not an object with a resourceType.
    """
    if not body.strip():
        raise InputError.one("body", "", "is empty", "send a FHIR R4 resource")
    data = parse_json(decoded(body))
    if not isinstance(data, dict) or not isinstance(data.get("resourceType"), str):
        raise InputError.one("resourceType", "", "missing; this is not a FHIR resource", "send a FHIR R4 resource")
    return data


def parameter(data: Json, name: str) -> Json:
    """The resource of the one parameter of this name.

    Raises:
        InputError: where there is none, several, another parameter, or no resource in it.
    """
    listed = data.get("parameter")
    if not isinstance(listed, list) or not all(isinstance(p, dict) for p in listed):
        raise InputError.one("Parameters.parameter", "", "is no list of parameters", f"send one parameter {name}")
    for p in listed:
        if p.get("name") != name:
            given = shortened(p.get("name") or "")
            raise InputError.one("Parameters.parameter.name", given, "unknown parameter", f"send one parameter {name}")
    if len(listed) != 1:
        raise InputError.one("Parameters.parameter", "", f"holds {len(listed)} parameters", f"send {name} once")
    found = listed[0].get("resource")
    if not isinstance(found, dict):
        raise InputError.one(name, "", "holds no resource", f"put the resource under {name}.resource")
    return found


def answered(data: Json) -> Response[bytes]:
    """200 with a resource."""
    return finished(msgspec.json.encode(data), FHIR)
