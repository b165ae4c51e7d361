"""JSON Schemas of what the tools take. Ids of findings and lists come from the knowledge base, so that a client sees them."""

from __future__ import annotations

from typing import Any

from backspasm.patients.from_case import SEXES
from backspasm.records.knowledge import Knowledge

Schema = dict[str, Any]

_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
_NUMBERS: Schema = {"type": "object", "additionalProperties": {"type": "number"}}


def _of(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _said(schema: Schema, what: str) -> Schema:
    return {**schema, "description": what}


def case(knowledge: Knowledge) -> Schema:
    """A case, as `backspasm assess` reads it."""
    settings = list(knowledge.index.settings)
    ids = "ids of findings, by find_findings"
    known = list(knowledge.index.comorbidities)
    return _said(
        _of(
            {
                "age_years": {
                    "type": ["number", "null"],
                    "description": "years; null where it is unknown, which never means adult",
                },
                "sex": {"enum": list(SEXES)},
                "setting": {"enum": settings},
                "present": _said(_TEXTS, f"{ids}: what the patient has"),
                "absent": _said(
                    _TEXTS,
                    f"{ids}: what was asked or looked for and is not there; what was not asked is in neither list",
                ),
                "measured": _said(_NUMBERS, "finding -> value in the unit of the finding"),
                "days_ago": _said(_NUMBERS, "finding -> days since it happened"),
                "medications": _said(_TEXTS, "any nonproprietary or brand name; an empty list says that none is taken"),
                "allergies": _said(_TEXTS, "names of medicines"),
                "comorbidities": {"type": "array", "items": {"enum": known}},
                "pregnant": {"type": ["boolean", "null"]},
                "pregnancy_weeks": {"type": ["number", "null"]},
            },
            ("age_years",),
        ),
        "What is known of the patient.",
    )


def patient(knowledge: Knowledge, **more: Schema) -> Schema:
    """One patient as a case, a FHIR Bundle or a note, and whatever else a tool takes."""
    return _of(
        {
            "case": case(knowledge),
            "fhir": {"type": "object", "description": "A FHIR R4 Bundle with one Patient, instead of a case."},
            "note": {"type": "string", "description": "A clinical note in plain text, instead of a case."},
            **more,
        }
    )


def words(what: str, name: str) -> Schema:
    """One text."""
    return _of({name: {"type": "string", "description": what}}, (name,))


def search(limit: int) -> Schema:
    return _of(
        {
            "words": {"type": "string", "description": "What was said or seen, such as `numb when wiping`."},
            "limit": {"type": "integer", "minimum": 1, "maximum": limit, "description": "How many to list at most."},
        },
        ("words",),
    )


def address(knowledge: Knowledge, ages: tuple[str, ...]) -> Schema:
    """What `backspasm evidence` opens."""
    return _of(
        {
            "id": {
                "type": "string",
                "description": "A study, study/fact, assumption, treatment, finding, or CAUSE/FINDING.",
            },
            "cause": {"enum": list(knowledge.causes), "description": "The cause in which a finding is looked at."},
            "age": {"enum": list(ages), "description": "The age group of a rate."},
        },
        ("id",),
    )


__all__ = ["Schema", "address", "case", "patient", "search", "words"]
