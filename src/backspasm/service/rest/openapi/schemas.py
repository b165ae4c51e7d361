"""The schemas of the document: those of the answers from their types, that of a case from the knowledge base itself."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

import msgspec

from backspasm.patients.from_case import SEXES
from backspasm.records.knowledge import Knowledge
from backspasm.records.units import plain_unit
from backspasm.service.health import Health, Readiness
from backspasm.service.problems import Problem
from backspasm.service.rest.bodies import SimulationRequest
from backspasm.service.rest.knowledge import KnowledgeState, Listing
from backspasm.service.rest.openapi.contract import Assessment, Next, Reading
from backspasm.service.rest.openapi.course import Course, NoCourse

Json = dict[str, Any]
TEMPLATE = "#/components/schemas/{name}"
#: a name on one line; what cannot be printed is refused
_NAME: Json = {"type": "string", "minLength": 1}


def schemas(knowledge: Knowledge) -> Json:
    """Every schema by name."""
    types = (
        Assessment,
        Course,
        NoCourse,
        Next,
        Reading,
        KnowledgeState,
        Listing,
        Problem,
        Health,
        Readiness,
        SimulationRequest,
    )
    _, found = msgspec.json.schema_components(types, ref_template=TEMPLATE)
    out: Json = {name: _described(schema) for name, schema in found.items()}
    out["Assessment"]["properties"]["course"] = {"anyOf": [ref("Course"), ref("NoCourse")]}
    out["SimulationRequest"]["properties"]["case"] = ref("Case")
    options = {"type": "string", "minLength": 1, "examples": list(knowledge.cycle.options)}
    out["SimulationRequest"]["properties"]["options"] = {
        "anyOf": [{"type": "array", "items": options, "minItems": 1, "uniqueItems": True}, {"type": "null"}],
        "default": None,
        "description": "Names of options, or prescriptions in words such as 'naproxen 500 mg twice a day for 10 days'.",
    }
    out["Case"] = case_schema(knowledge)
    out["Record"] = {
        "type": "object",
        "description": "A record as the knowledge base holds it (docs/knowledge-format.md).",
    }
    out["Evidence"] = {
        "type": "object",
        "description": "What an address opens: a study, fact, assumption or treatment, with `cells`, the rates it bears on.",
    }
    return dict(sorted(out.items()))


def _described(schema: Json) -> Json:
    """A schema whose description, a docstring, reads as text."""
    said = schema.get("description")
    return schema if said is None else schema | {"description": cleandoc(said).replace("``", "`")}


def ref(name: str) -> Json:
    return {"$ref": TEMPLATE.format(name=name)}


def case_schema(knowledge: Knowledge) -> Json:
    """A case: ids and bounds as this knowledge base knows them."""
    booleans = [f.id for f in knowledge.findings.values() if f.kind == "boolean"]
    timed = {"finding": {"type": "string", "enum": booleans}, "days_ago": {"type": "number", "minimum": 0}}
    entry = {
        "anyOf": [
            {"type": "string", "enum": booleans},
            {"type": "object", "properties": timed, "required": ["finding"], "additionalProperties": False},
        ]
    }
    fields: Json = {
        "age_years": _number(
            knowledge, "age_years_lowest", "age_years_highest", "Null if unknown: that never means adult."
        ),
        "sex": _null({"type": "string", "enum": list(SEXES)}),
        "setting": _null({"type": "string", "enum": list(knowledge.index.settings)}),
        "present": _list(entry, "Findings that are there."),
        "absent": _list({"type": "string", "enum": booleans}, "Findings that were asked for and are not there."),
        "measured": _null(_measured(knowledge))
        | {"description": "Values by finding; `/openapi.json` has every id with its unit and bounds."},
        "days_ago": _null(
            _map({f: {"type": "number", "minimum": 0} for f in booleans}, "Days since a finding happened.")
        )
        | {"description": "Days since a finding happened, by finding."},
        "medications": _list(_NAME, "Medicines by any name; an empty list says that there are none."),
        "allergies": _list(_NAME, "Allergies by any name; an empty list says that there are none."),
        "comorbidities": _list({"type": "string", "enum": list(knowledge.index.comorbidities)}, "Other diseases."),
        "pregnant": {"type": ["boolean", "null"]},
        "pregnancy_weeks": _number(knowledge, "pregnancy_weeks_lowest", "pregnancy_weeks_highest", "Completed weeks."),
    }
    return {
        "title": "Case",
        "type": "object",
        "description": "What is known of one patient. A finding in no list was not asked, which is never the same as absent. "
        "Answers that contradict each other are refused with field and mend.",
        "properties": fields,
        "required": ["age_years"],
        "additionalProperties": False,
    }


def _null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(items: Json, description: str) -> Json:
    return _null({"type": "array", "items": items}) | {"description": description}


def _map(properties: Json, description: str) -> Json:
    return {"type": "object", "properties": properties, "additionalProperties": False, "description": description}


def _number(knowledge: Knowledge, low: str, high: str, description: str) -> Json:
    bounds = {"minimum": knowledge.number(low), "maximum": knowledge.number(high)}
    return {"type": ["number", "null"], **bounds, "description": description}


def _measured(knowledge: Knowledge) -> Json:
    values: Json = {}
    for finding in knowledge.findings.values():
        if finding.kind == "measured" and finding.plausible is not None:
            low, high = (knowledge.number(n) for n in finding.plausible)
            unit = f", {plain_unit(finding.unit)}" if plain_unit(finding.unit) else ""
            name = f"{finding.name or finding.id}{unit}"
            values[finding.id] = {"type": "number", "minimum": low, "maximum": high, "description": name}
    return _map(values, "Measured values in the units named with each.")
