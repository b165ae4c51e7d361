"""Invented patients as the document shows them."""

from __future__ import annotations

from typing import Any

from backspasm.patients.from_fhir.own import AGE, CONTAINED, CONTAINED_ID, FINDING

CASE: dict[str, Any] = {
    "age_years": 46,
    "sex": "male",
    "setting": "emergency",
    "present": ["saddle_anaesthesia", "urinary_retention", "radicular_leg_pain"],
    "absent": ["fever"],
    "measured": {"post_void_residual": 620, "duration_days": 3},
    "medications": ["naproxen"],
}
NOTE = "46M, 3/7 of LBP and left leg pain since lifting. Numb between the legs since this morning, can't pee. No fever."
SIMULATION: dict[str, Any] = {
    "case": {"age_years": 34, "measured": {"pain_intensity": 7, "duration_days": 2}},
    "options": ["nsaid"],
    "days": 28,
}
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1951-04-02"}},
        {
            "resource": {
                "resourceType": "Encounter",
                "id": "e",
                "status": "in-progress",
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMER"},
                "subject": {"reference": "Patient/p"},
                "period": {"start": "2026-03-02T09:00:00Z"},
            }
        },
        {
            "resource": {
                "resourceType": "Observation",
                "id": "o",
                "status": "final",
                "code": {"coding": [{"system": FINDING, "code": "night_pain"}]},
                "subject": {"reference": "Patient/p"},
                "effectiveDateTime": "2026-03-02T09:10:00Z",
                "valueBoolean": True,
            }
        },
    ],
}


def question_response() -> dict[str, Any]:
    """A response in which the first questions have been answered."""
    asked = {"linkId": AGE, "text": "Age in years", "type": "decimal"}
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "in-progress",
        "questionnaire": CONTAINED,
        "contained": [{"resourceType": "Questionnaire", "id": CONTAINED_ID, "status": "active", "item": [asked]}],
        "item": [{"linkId": AGE, "answer": [{"valueDecimal": 46}]}],
    }
