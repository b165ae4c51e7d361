"""Reading one FHIR Bundle of 75 kB: only decoding it, the whole reader, and fhir.resources on the same bytes. Part of `make bench`."""

from __future__ import annotations

import importlib
import json
from typing import Any

from measures import Asked, Found, Row, best, say
from service import record

from backspasm import from_fhir
from backspasm.patients.from_fhir.bundle import open_bundle
from backspasm.records.library import read_knowledge

UNIT = "ms of a processor a Bundle"


def measured(asked: Asked) -> Found:
    """The reader beside fhir.resources."""
    say("FHIR parsing")
    data = record().replace(b"__N__", b"1")
    knowledge = read_knowledge()
    times = 10 if asked.quick else 40
    opening = 1000 * best(lambda: open_bundle(data), times)
    reading = 1000 * best(lambda: from_fhir(data, knowledge), times)
    size = f"{len(data) / 1000:.0f} kB"
    rows = [Row("FHIR parsing", f"a Bundle of {size} to a patient", reading, "only opening it", opening, UNIT)]
    try:
        bundle: Any = importlib.import_module("fhir.resources.R4B.bundle")
    except ImportError:
        return Found(tuple(rows), missing=("FHIR parsing: fhir.resources is not installed",))
    theirs = 1000 * best(lambda: bundle.Bundle.model_validate(json.loads(data)), 3)
    rows.append(Row("FHIR parsing", f"opening a Bundle of {size}", opening, "fhir.resources", theirs, UNIT))
    rows.append(
        Row("FHIR parsing", f"a Bundle of {size} to a patient", reading, "fhir.resources, parsing only", theirs, UNIT)
    )
    return Found(tuple(rows))
