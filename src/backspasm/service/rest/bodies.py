"""From the body of a request to a patient: a case, a FHIR R4 Bundle or a note, told apart by the content type."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from backspasm.inference.model import Model
from backspasm.patients.case_text import parse_json
from backspasm.patients.from_case import from_case
from backspasm.patients.patient import InputError, Patient
from backspasm.patients.reading import LARGEST_CASE, decoded, read_patient
from backspasm.service.media_types import FHIR, JSON, TEXT

#: kinds of a body that holds a patient
PATIENT_TYPES = (JSON, FHIR, TEXT)
#: patients that one caller may have drawn for a simulation; the command line takes more
MOST_DRAWS = 2_000

_PLACE = re.compile(r" - at `([^`]*)`$")
T = TypeVar("T")


class SimulationRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A course to simulate. ``case``: as for /assess; ``options``: names or prescriptions; ``days``: how far to look ahead."""

    case: dict[str, Any]
    options: Annotated[tuple[str, ...], Meta(min_length=1, max_length=8)] | None = None
    days: Annotated[int, Meta(ge=1, le=366)] = 84
    draws: Annotated[int, Meta(ge=20, le=MOST_DRAWS)] = 200
    seed: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None


def patient_of(body: bytes, kind: str, model: Model) -> Patient:
    """The patient of a body.

    Raises:
        InputError: naming field, value and mend.
    """
    if kind == FHIR:
        return read_patient(_not_empty(body), model.knowledge, "fhir")
    if kind == TEXT:
        return read_patient(_not_empty(body), model.knowledge, "note")
    return from_case(json_of(body), model.knowledge)


def json_of(body: bytes) -> Any:
    """The plain data of a JSON body.

    Raises:
        InputError: empty, too large for a case, not UTF-8, no JSON, nested too deep, or with a key given twice.
    """
    if len(body) > LARGEST_CASE:
        what = f"{len(body):,} bytes are too many for a case (at most {LARGEST_CASE:,})"
        raise InputError.one("body", "", what, f"give one case, or a FHIR Bundle as {FHIR}")
    data = parse_json(decoded(_not_empty(body)))
    if isinstance(data, dict) and "resourceType" in data:
        raise InputError.one("resourceType", "", "this is a FHIR resource, not a case", f"send it as {FHIR}")
    return data


def _not_empty(body: bytes) -> bytes:
    if not body.strip():
        raise InputError.one("body", "", "is empty", "send a case, a FHIR Bundle or a note")
    return body


def converted(data: Any, kind: type[T]) -> T:
    """Plain data as a record.

    Raises:
        InputError: naming the place that does not fit.
    """
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        place = _PLACE.search(message)
        field = place[1].removeprefix("$").lstrip(".") if place else ""
        what = _PLACE.sub("", message)
        raise InputError.one(field or "body", "", what, "see the schema of this request in /openapi.json") from None
