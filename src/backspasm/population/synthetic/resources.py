"""FHIR R4 resources of one virtual patient, as JSON objects with ids that count up within the patient."""

from __future__ import annotations

from collections import Counter
from typing import Any

Json = dict[str, Any]

SNOMED, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
CLINICAL, VERIFICATION = f"{TERMINOLOGY}/condition-clinical", f"{TERMINOLOGY}/condition-ver-status"
#: SNOMED CT
PRESENT, ABSENT = ("52101004", "Present"), ("2667000", "Absent")
POSITIVE, NEGATIVE = ("10828004", "Positive"), ("260385009", "Negative")
IMAGING = {"coding": [{"system": SNOMED, "code": "363679005", "display": "Imaging"}]}
REFERRAL = {"coding": [{"system": SNOMED, "code": "3457005", "display": "Patient referral"}]}

#: letters of the ids of each type
SHORT = {
    "Encounter": "enc", "Condition": "con", "Observation": "obs", "MedicationRequest": "mrq",
    "MedicationStatement": "mst", "AllergyIntolerance": "all", "Procedure": "pro", "DiagnosticReport": "rep",
    "ServiceRequest": "srq", "FamilyMemberHistory": "fam", "QuestionnaireResponse": "qre", "Immunization": "imm",
}  # fmt: skip


def concept(system: str, code: tuple[str, str]) -> Json:
    return {"coding": [{"system": system, "code": code[0], "display": code[1]}]}


def status(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def reference(kind: str, name: str) -> Json:
    return {"reference": f"{kind}/{name}"}


def quantity(value: float, unit: str) -> Json:
    plain = int(value) if float(value).is_integer() else value
    return {"value": plain, "unit": unit, "system": UCUM, "code": unit}


class Record:
    """The resources of one patient, in the order in which they were added."""

    def __init__(self, patient: str) -> None:
        self.patient = patient
        self.subject = reference("Patient", patient)
        self.resources: list[Json] = []
        self._count: Counter[str] = Counter()

    def add(self, kind: str, **fields: Any) -> str:
        """Add a resource about the patient, without the fields that are None; its id is returned."""
        self._count[kind] += 1
        name = f"{self.patient}-{SHORT[kind]}{self._count[kind]}"
        about = "patient" if kind in {"AllergyIntolerance", "FamilyMemberHistory", "Immunization"} else "subject"
        resource = {"resourceType": kind, "id": name, about: self.subject}
        resource |= {key.rstrip("_"): value for key, value in fields.items() if value is not None}
        self.resources.append(resource)
        return name
